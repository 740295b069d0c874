"""One child seen from the service: started, asked, watched, and stopped with all that it started itself."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil  # type: ignore[import-untyped]

from app.egress import attempts
from app.egress.silence import SILENCE
from app.errors import EngineUnavailable
from ingest.sandbox import wire
from ingest.sandbox.watch import LOOK_EVERY_S, Crashed, Lost, TookTooLong, Watch, resident_bytes
from ingest.sandbox.wire import MIB, Garbage, Kind

if TYPE_CHECKING:
    # The service itself need not load the parsers.
    from ingest.parse.options import Report

START_S: Final = 120
READ_BYTES: Final = 1 * MIB
# A new child takes about a second to start, so it is kept for many documents, but not with much left over from one.
MOST_SERVED: Final = 200
MOST_LEFT_OVER_MIB: Final = 400

INHERITED: Final = (
    *("PATH", "HOME", "TZ", "LANG", "LC_ALL", "LC_CTYPE"),
    *("LD_LIBRARY_PATH", "NLTK_DATA", "PYTHONDONTWRITEBYTECODE", "TESSDATA_PREFIX"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a child is asked, how long it may take, and who is told and asked meanwhile."""

    kind: Kind
    body: bytes = field(repr=False)
    seconds: float
    report: "Report"
    is_cancelled: Callable[[], bool]


class ChildProcess:
    """One child. It is started when it is first needed and again after it was lost; one thread at a time asks it."""

    def __init__(self, module: str, set_up: wire.SetUp, folder: Path) -> None:
        self._command = [sys.executable, "-P", "-m", module]  # -P: nothing is imported from the working folder
        self._set_up = wire.frame(Kind.SET_UP, wire.SET_UP.dump_json(set_up))
        self._memory_mb = set_up.limits.memory_mb
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._reaping = threading.Lock()
        self.served = 0

    @property
    def is_running(self) -> bool:
        """Whether there is a process to ask."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_worn(self) -> bool:
        """Whether a new child had better take its place."""
        left_over = resident_bytes(self._usage) - self._resident_at_start
        return self.served >= MOST_SERVED or left_over > MOST_LEFT_OVER_MIB * MIB

    def ask(self, request: Request) -> tuple[Kind, bytes]:
        """The frame that answers. The child is stopped when it is not there in time, and by every error.

        Raises Lost, Garbage, Cancelled; EngineUnavailable when no child can be started.
        """
        if not self.is_running or self._has_spoken_unasked():
            self.start()
        self.served += 1
        try:
            left_over = max(resident_bytes(self._usage) - self._resident_at_start, 0)
            watch = Watch(self._usage, left_over, self._memory_mb, request.seconds, request.is_cancelled)
            self._say(wire.frame(request.kind, request.body))
            for answer, content in self._hear(watch.look):
                if answer is Kind.TRIED:
                    self._pass_on(content)
                    continue
                if answer is not Kind.PROGRESS:
                    return answer, content
                progress = wire.read_body(wire.PROGRESS, content)
                request.report(progress.done, progress.total)
            raise AssertionError("a child is heard until it is lost")
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start a process and wait until it is ready. Raises EngineUnavailable."""
        self.stop()
        self._spawn()
        try:
            self._say(self._set_up)
            give_up_at = time.monotonic() + START_S
            for kind, body in self._hear(lambda: _require_time(give_up_at)):
                if kind is not Kind.TRIED:
                    self._require_ready(kind, body)
                    break
                self._pass_on(body)
        except (Lost, Garbage) as exc:
            self.stop()
            raise EngineUnavailable(
                f"The process that reads documents does not start: {exc}. Install Cloister again (make install)."
            ) from exc
        self._resident_at_start = resident_bytes(self._usage)

    def kill(self) -> None:
        """End the process and all that it started. Any thread may call this; whoever waits for an answer is told."""
        with self._reaping:
            if self._process is not None and self._process.returncode is None:
                # The group outlives its leader, and its number is not given out again before the leader is reaped.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the process and let go of it. Without one nothing happens."""
        self.kill()
        with self._reaping:
            if self._process is None:
                return
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(BrokenPipeError):
                    assert pipe is not None
                    pipe.close()
            os.close(self._lifeline)
            self._process = None

    def _spawn(self) -> None:
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                [*self._command, str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # parsers print document text
                bufsize=0,
                cwd=self._folder,
                env=build_environment(),
                # Not a session of its own: Linux shares time out between sessions first, and there a child's
                # niceness would count for nothing against the service.
                process_group=0,
                pass_fds=(lifeline,),
            )
        except OSError as exc:
            os.close(self._lifeline)
            raise EngineUnavailable(
                f"The process that reads documents does not start ({exc.strerror}); free some memory or processes."
            ) from exc
        finally:
            os.close(lifeline)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._requests, False)
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._unframer = wire.Unframer()
        self._usage = psutil.Process(self._process.pid)
        self.served = 0

    def _say(self, frame: bytes) -> None:
        # An idle child has emptied its pipe, and a request fits into it.
        try:
            sent = os.write(self._requests, frame)
        except BrokenPipeError:
            raise self._crashed() from None
        except BlockingIOError:
            sent = 0
        if sent < len(frame):
            raise Garbage("answers to what it was not asked")

    def _hear(self, look: Callable[[], None]) -> Iterator[tuple[Kind, bytes]]:
        """The frames as they come. In between `look` is called, often, to raise what ends the wait."""
        while True:
            look()
            while (frame := self._unframer.next()) is not None:
                yield frame
            if self._poll.poll(LOOK_EVERY_S * 1000):
                read = os.read(self._answers, READ_BYTES)
                if not read:
                    raise self._crashed()
                self._unframer.feed(read)

    @staticmethod
    def _pass_on(body: bytes) -> None:
        """Have it written down that the child tried to reach something."""
        tried = wire.read_body(wire.TRIED, body)
        attempts.tell(attempts.Attempt(tried.host, tried.port, f"{tried.asked_by} (reading a file)"))

    def _has_spoken_unasked(self) -> bool:
        return bool(self._unframer.has_bytes or self._poll.poll(0))

    def _require_ready(self, kind: Kind, body: bytes) -> None:
        if kind is Kind.FAILED:
            failure = wire.read_body(wire.FAILURE, body)
            raise Crashed(f"{failure.error} at {failure.place}")
        if kind is not Kind.READY:
            raise Garbage("an answer out of order")

    def _crashed(self) -> Crashed:
        self.kill()  # It has ended or will not answer; what it started itself may still run.
        assert self._process is not None
        code = self._process.wait()
        return Crashed(f"signal {-code}" if code < 0 else f"exit status {code}")


def build_environment() -> dict[str, str]:
    """What a child needs of the service's environment; no secret is in it."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # Wherever Cloister is installed, the child finds the same code.
    return {**inherited, **SILENCE, "PYTHONPATH": str(wire.PROJECT)}


def _require_time(give_up_at: float) -> None:
    if time.monotonic() > give_up_at:
        raise TookTooLong(f"it was not ready within {START_S} seconds")
