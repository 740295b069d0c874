"""`cloister` as people run it: the command as a process of its own, and `cloister serve` behind an address."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

COMMAND = Path(sys.executable).with_name("cloister")
PROJECT = Path(__file__).parents[1]
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document that all of stdout is."""
        return json.loads(self.stdout)


@dataclass(frozen=True, slots=True)
class Cloister:
    """The command on one data folder."""

    data_dir: Path

    def __call__(self, *arguments: str) -> Outcome:
        done = subprocess.run([COMMAND, *arguments], env=self.environment(), capture_output=True, text=True)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def environment(self, **settings: str) -> dict[str, str]:
        return {**os.environ, "CLOISTER_DATA_DIR": str(self.data_dir), **settings}


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that is ready. `output` is the file that it writes to."""

    cloister: Cloister
    url: str
    output: Path

    @property
    def welcome_url(self) -> str:
        """The one-time link that it printed."""
        found = re.search(r"http\S+/welcome\?token=\S+", self.output.read_text())
        assert found, self.output.read_text()
        return found[0]

    def client(self) -> httpx.Client:
        """The API in the hands of this machine's own command line."""
        token = (self.cloister.data_dir / "keys" / "local").read_text()
        return httpx.Client(base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60)


@contextmanager
def serve(data_dir: Path, *, within: Sequence[str] = (), **settings: str) -> Iterator[RunningService]:
    """`cloister serve` on a free port, from ready to stopped. `within`: what starts it, such as a container would."""
    cloister, port = Cloister(data_dir), free_port()
    output = data_dir.parent / f"serve-{port}.txt"
    environment = cloister.environment(CLOISTER_SERVER__PORT=str(port), **settings)
    with output.open("w") as out:
        process = subprocess.Popen(
            [*within, COMMAND, "serve"], cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    service = RunningService(cloister, f"http://127.0.0.1:{port}", output)
    try:
        _wait_until_ready(service, process)
        yield service
    finally:
        process.terminate()
        assert process.wait(60) == 0, output.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(service: RunningService, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        assert process.poll() is None, f"the service ended at its start:\n{service.output.read_text()}"
        try:
            if httpx.get(f"{service.url}/readyz", timeout=10).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the service is not ready after {PATIENCE_S} s:\n{service.output.read_text()}")
