"""A service of the profile airgap with a data folder of its own, watched by strace where there is one."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from app.cli.airgap.judge import Watcher
from app.cli.airgap.trace import CALLS
from app.errors import EngineUnavailable
from app.settings import ENV_PREFIX, PROFILE_VARIABLE, PROJECT_DIR

PATIENCE_S: Final = 240.0
STOP_S: Final = 60.0
_WELCOME: Final = re.compile(r"/welcome\?token=(\S+)")
# The journey keeps away from everything that is the owner's own: another database, another index, other people.
_ITS_OWN: Final = {"DATABASE__URL": "", "VECTOR_INDEX__ENGINE": "edge", "SINGLE_SIGN_ON__ENGINE": "off"}
_AT_HOME: Final = {"SERVER__HOST": "127.0.0.1", "SERVER__PUBLIC_URL": "", "SERVER__TRUSTED_PROXIES": "[]"}


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is ready. `trace`: where strace writes, if it watches."""

    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def data_dir(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    @property
    def welcome_token(self) -> str:
        """Of the one-time link that it printed. Raises EngineUnavailable."""
        found = _WELCOME.search(_output(self.folder).read_text(encoding="utf-8", errors="replace"))
        if not found:
            raise EngineUnavailable("The service printed no link for the first admin.")
        return found[1]

    @property
    def local_token(self) -> str:
        """The key of this machine's command line."""
        return (self.data_dir / "keys" / "local").read_text(encoding="utf-8").strip()


def find_strace() -> Watcher:
    """Whether strace is there and may watch."""
    name = "strace"
    program = shutil.which(name)
    if not program:
        return Watcher(name, False, "strace is not installed: native code was not watched (Debian: apt install strace)")
    tried = subprocess.run([program, "-f", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False)  # noqa: S603 - a fixed program
    if tried.returncode:
        return Watcher(name, False, "strace may not watch here (ptrace is forbidden): native code was not watched")
    return Watcher(name, True, "every connect, send and bind of every process, native code included")


def environment(folder: Path, port: int) -> dict[str, str]:
    """The owner's own settings with the profile airgap over them, and stores of its own."""
    profiles = [name for name in os.environ.get(PROFILE_VARIABLE, "").split(",") if name.strip()]
    named = {**_ITS_OWN, **_AT_HOME, "DATA_DIR": str(folder / "data"), "SERVER__PORT": str(port)}
    named |= {"INGEST__SAMPLES": "", "EGRESS__ENFORCE": "true"}
    profile = {PROFILE_VARIABLE: ",".join([*profiles, "airgap"])}
    return {**os.environ, **{ENV_PREFIX + name: value for name, value in named.items()}, **profile}


@contextmanager
def serving(folder: Path, *, is_traced: bool, more: Mapping[str, str] | None = None) -> Iterator[Service]:
    """The service from ready to stopped; afterwards all that it had to write is written. Raises EngineUnavailable."""
    port = _free_port()
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    with _output(folder).open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*(_watching(folder) if is_traced else []), *command],
            cwd=PROJECT_DIR,
            env={**environment(folder, port), **(more or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    service = Service(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait_until_ready(service)
        yield service
    finally:
        _stop(service)


def trace_file(folder: Path) -> Path:
    """Where strace writes."""
    return folder / "trace"


def _watching(folder: Path) -> list[str]:
    program = shutil.which("strace") or "strace"
    return [program, "-f", "-qq", "--seccomp-bpf", "-s", "512", "-e", f"trace={CALLS}", "-o", str(trace_file(folder))]


def _output(folder: Path) -> Path:
    return folder / "service.txt"


def _wait_until_ready(service: Service) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    with httpx.Client(base_url=service.url, timeout=10, trust_env=False) as client:
        while time.monotonic() < give_up_at:
            if service.process.poll() is not None:
                said = _output(service.folder).read_text(encoding="utf-8", errors="replace").strip()
                raise EngineUnavailable(f"The service ended at its start: {said.splitlines()[-1] if said else ''}")
            try:
                if client.get("/readyz").is_success:
                    return
            except httpx.TransportError:
                pass  # it does not listen yet
            time.sleep(0.2)
    raise EngineUnavailable(f"The service was not ready after {PATIENCE_S:.0f} s.")


def _stop(service: Service) -> None:
    """Ask it to end as an owner would. Under strace the service is strace's only child."""
    for child in _children(service.process.pid):
        _terminate(child)
    service.process.terminate()
    try:
        service.process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        service.process.kill()
        service.process.wait()


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in path.read_text().split()] if path.is_file() else []


def _terminate(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
