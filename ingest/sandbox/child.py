"""The child: `python -m ingest.sandbox.child LIFELINE` answers requests on stdin with frames on stdout.

It has the service's rights as a user of the machine but none of its secrets, and ends with it, however that ends.
"""

import fcntl
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from app.egress.attempts import ATTEMPTS
from app.egress.wall import raise_wall
from ingest.sandbox import wire
from ingest.sandbox.wire import MIB, Kind

if TYPE_CHECKING:
    from ingest.sandbox.answers import Parse

NICENESS: Final = 10
# The service watches the memory that is in use and stops a child in time; this only stops what is faster than its
# looks. It counts reserved stacks and arenas too, which the threads of onnxruntime and DuckDB have many of.
SLACK_MIB: Final = 1024
SLACK_PER_CORE_MIB: Final = 64
MOST_TRIED: Final = 100


def serve(load_parse: Callable[[], "Parse"], niceness: int = NICENESS) -> None:
    """Answer requests until the service closes stdin."""
    # Readers need no network at all: whatever the settings say, nothing but loopback is on their list.
    raise_wall(names_askers=False)
    connection = Connection()
    die_with_the_service(int(sys.argv[1]))
    os.nice(niceness)
    try:
        set_up = wire.read_body(wire.SET_UP, connection.hear_next(Kind.SET_UP))
        limit_resources(set_up.limits.memory_mb)
        # Not above: a reader that cannot be imported is told to the service.
        from ingest.sandbox.answers import Answers

        answers = Answers(set_up, load_parse(), connection.say)
    except Exception as exc:  # noqa: BLE001 - told to the service, which reports it
        connection.say(Kind.FAILED, wire.FAILURE.dump_json(wire.Failure.of(exc)))
        return
    gc.freeze()  # What is imported stays: collections need not go through it each time.
    connection.tell_tried()
    connection.say(Kind.READY)
    while (heard := connection.hear()) is not None:
        answer = answers.answer(*heard)
        connection.tell_tried()
        connection.say(*answer)


def load_parse() -> "Parse":
    """The parser of every format, and what it knows of languages. Loading them takes the better part of a second."""
    from ingest.parse.dispatch import parse
    from ingest.parse.language import load_profiles

    load_profiles()
    return parse


class Connection:
    """The pipes to the service. From then on, what libraries print goes nowhere."""

    def __init__(self) -> None:
        self._requests, self._answers = os.dup(0), os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        self._unframer = wire.Unframer()

    def hear(self) -> tuple[Kind, bytes] | None:
        """The next request; None at the end."""
        while (frame := self._unframer.next()) is None:
            read = os.read(self._requests, 64 * 1024)
            if not read:
                return None
            self._unframer.feed(read)
        return frame

    def hear_next(self, kind: Kind) -> bytes:
        """The body of the next request, which is of this kind."""
        heard = self.hear()
        if heard is None or heard[0] is not kind:
            raise wire.Garbage("a request out of order")
        return heard[1]

    def tell_tried(self) -> None:
        """Send what was refused since the last time; a few are enough to know of."""
        for _ in range(MOST_TRIED):
            if ATTEMPTS.empty():
                return
            if attempt := ATTEMPTS.get():
                tried = wire.Tried(attempt.host, attempt.port, attempt.asked_by[:200])
                self.say(Kind.TRIED, wire.TRIED.dump_json(tried))

    def say(self, kind: Kind, body: bytes = b"") -> None:
        """Send all of it."""
        rest = memoryview(wire.frame(kind, body))
        while rest:
            rest = rest[os.write(self._answers, rest) :]


def die_with_the_service(lifeline: int) -> None:
    """End this process and all that it started as soon as the other end of the pipe is closed.

    On Linux the kernel does it, even while native code holds the interpreter. Not PR_SET_PDEATHSIG: that fires when
    the *thread* that started the child ends, and it would leave a running tesseract behind.
    """
    if sys.platform == "linux":
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)

    def wait_for_the_end() -> None:
        os.read(lifeline, 1)
        os.killpg(0, signal.SIGKILL)

    # Elsewhere, and where the service ended before the lines above.
    threading.Thread(target=wait_for_the_end, name="lifeline", daemon=True).start()


def limit_resources(memory_mb: int) -> None:
    """A ceiling for memory, and no core dumps: they would hold document text."""
    most_bytes = (memory_mb + SLACK_MIB + SLACK_PER_CORE_MIB * (os.cpu_count() or 1)) * MIB
    for limit, most in ((resource.RLIMIT_DATA, most_bytes), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(limit)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    serve(load_parse)
