"""Seconds from `cloister serve` to each of its answers, beside bare processes with the same libraries and models."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from bench.import_time import list_slowest_packages
from bench.machine import REPOSITORY
from bench.report import Figure, Result
from bench.service import opened_services, take_in
from bench.sizes import Size

TIMEOUT_S = 120
POLL_S = 0.1
SHOWN_PACKAGES = 8
# The second start: two cores, a little busy, documents ingested before.
READY_WITHIN_S = 15
SIGN_IN_WITHIN_S = 5


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the process until each address first answered 200."""

    alive: float
    sign_in: float
    ready: float


def run(size: Size) -> Result:
    """Our service on a folder with ingested documents, and the two bare processes, in turns."""
    rounds = size.pick(tiny=1, quick=2, normal=5)
    samples = REPOSITORY / "sample_docs"
    ingested = size.pick(tiny=samples / "reiserichtlinie.md", quick=samples, normal=samples)
    starts: list[Start] = []
    web: list[float] = []
    engines: list[float] = []
    with TemporaryDirectory(prefix="cloister-bench-") as folder:
        data_dir = Path(folder) / "data"
        with opened_services(data_dir) as services:
            services.ingest()
            take_in(services, [ingested], knowledge_base="Samples")
        for _ in range(rounds):
            starts.append(start_service(data_dir, ingested))
            web.append(start_bare_web(Path(folder)))
            engines.append(load_bare_engines(data_dir))
    figures = (
        _figure("page alive (/healthz)", [start.alive for start in starts], web, within_s=SIGN_IN_WITHIN_S),
        _figure("sign-in page (/login)", [start.sign_in for start in starts], web, within_s=SIGN_IN_WITHIN_S),
        _figure("ready to answer (/readyz)", [start.ready for start in starts], engines, within_s=READY_WITHIN_S),
    )
    slowest = ", ".join(
        f"{name} {seconds:.2f} s" for name, seconds in list_slowest_packages("app.main")[:SHOWN_PACKAGES]
    )
    return Result(figures, (f"Own import time of the packages under app.main: {slowest}.",))


def start_service(data_dir: Path, samples: Path) -> Start:
    """One start of the real command."""
    environment = {"CLOISTER_DATA_DIR": str(data_dir), "CLOISTER_INGEST__SAMPLES": str(samples)}
    serve = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    with _running(serve, environment) as server:
        return Start(*(server.wait_for(path) for path in ("/healthz", "/login", "/readyz")))


def start_bare_web(folder: Path) -> float:
    """A FastAPI service that does nothing but mount an empty Chainlit page."""
    with _running([sys.executable, "-m", "bench.bare_web"], {"CHAINLIT_APP_ROOT": str(folder)}) as server:
        return server.wait_for("/healthz")


def load_bare_engines(data_dir: Path) -> float:
    """A process that only loads the embedding model, the index and the language model, one after the other."""
    (shard,) = (data_dir / "index").glob("*/shard")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "bench.bare_engines", str(shard)], cwd=REPOSITORY, check=True)
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class _Server:
    process: subprocess.Popen[bytes]
    url: str
    started: float

    def wait_for(self, path: str) -> float:
        """Seconds since the start at which the address answered 200."""
        while time.perf_counter() - self.started < TIMEOUT_S:
            if self.process.poll() is not None:
                raise RuntimeError(f"The service ended with status {self.process.returncode} before it answered.")
            try:
                if httpx.get(self.url + path, timeout=2, trust_env=False).is_success:
                    return time.perf_counter() - self.started
            except httpx.TransportError:
                pass
            time.sleep(POLL_S)
        raise RuntimeError(f"{path} did not answer within {TIMEOUT_S} seconds.")


@contextmanager
def _running(command: list[str], environment: Mapping[str, str]) -> Iterator[_Server]:
    port = find_free_port()
    variables = {**os.environ, **environment, "CLOISTER_SERVER__PORT": str(port), "BENCH_PORT": str(port)}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield _Server(process, f"http://127.0.0.1:{port}", started)
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _figure(name: str, ours: list[float], limit: list[float], *, within_s: float) -> Figure:
    mine = median(ours)
    ratio = median(one / bare for one, bare in zip(ours, limit, strict=True))
    return Figure(name, "s", mine, median(limit), ratio, f"within {within_s:g} s", mine <= within_s)
