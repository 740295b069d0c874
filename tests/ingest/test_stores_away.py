"""Drills: Postgres restarts, and Qdrant is down, while people ask and a job runs. Nothing that was stored is lost."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.db import job_items, jobs
from app.domain import ItemStatus
from app.ports import Vectors
from app.services import Services
from app.web.api.app import build_api
from tests.cluster import REAL_QDRANT, Cluster, wait_until
from tests.fakes import WordHashEmbedder
from tests.ingest.stock import take_stock
from tests.taking_in import start, take_in, wait_for


class Held:
    """Embeds when it is let. `reached`: a document has come so far."""

    def __init__(self) -> None:
        self.reached, self.let = threading.Event(), threading.Event()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.reached.set()
        assert self.let.wait(120)
        return WordHashEmbedder().embed_documents(texts)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster.open(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def services(cluster: Cluster) -> Iterator[Services]:
    services = cluster.open_services(works=True)
    services.warm_up()
    wait_until(lambda: not services._warming.is_alive())  # type: ignore[union-attr]
    services.require_ready()
    yield services
    services.close()


@pytest.fixture
def api(services: Services) -> TestClient:
    headers = {"Authorization": f"Bearer {services.local_token}"}
    return TestClient(build_api(services), headers=headers, raise_server_exceptions=False)


def write(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\nAll about {name}s, and where {name}s grow.")
    return folder


def detail_of(answer: object) -> str:
    """The sentence of a problem document that says a store is away."""
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), answer.text  # type: ignore[attr-defined]
    return str(answer.json()["detail"])  # type: ignore[attr-defined]


def test_while_postgres_restarts_requests_are_told_and_a_running_job_goes_on(
    cluster: Cluster, services: Services, api: TestClient, tmp_path: Path
) -> None:
    take_in(services, write(tmp_path / "before", "apple"))
    cluster.embeddings.embed = held = Held()
    job_id = start(services, write(tmp_path / "during", "cherry", "pear", "plum"))
    assert held.reached.wait(60)
    with cluster.database_away():
        held.let.set()
        for answer in (api.get("/api/v1/documents"), api.post("/api/v1/search", json={"query": "apple"})):
            assert "database" in detail_of(answer)
            assert "Check that Postgres runs" in detail_of(answer)
        assert "database" in detail_of(api.get("/readyz"))
    job = wait_for(services, job_id)
    assert {item.status for item in job.items} == {ItemStatus.INDEXED}, job
    wait_until(lambda: api.get("/readyz").is_success, lambda: api.get("/readyz").text)
    found = api.post("/api/v1/search", json={"query": "where do cherrys grow"}).json()["passages"]
    assert "cherry.md" in {each["document"] for each in found}
    assert take_stock(services).documents == 4


@pytest.mark.skipif(bool(REAL_QDRANT), reason="a server that others use is not stopped")
def test_while_qdrant_is_down_questions_are_told_and_documents_wait_for_it(
    cluster: Cluster, services: Services, api: TestClient, tmp_path: Path
) -> None:
    assert cluster.qdrant is not None
    before = take_in(services, write(tmp_path / "before", "fig"))["fig.md"].document_id
    cluster.embeddings.embed = held = Held()
    job_id = start(services, write(tmp_path / "during", "lemon", "lime"))
    assert held.reached.wait(60)
    with cluster.qdrant.away():
        held.let.set()
        asked = [
            api.post("/api/v1/search", json={"query": "fig"}),
            api.post("/api/v1/ask", json={"query": "Where do figs grow?"}),
            api.delete(f"/api/v1/documents/{before}"),
        ]
        for answer in asked:
            assert "The Qdrant server" in detail_of(answer)
            assert "check that it runs" in detail_of(answer)
        assert "The vector index does not answer" in detail_of(api.get("/readyz")), "anybody may read it: no address"
        assert api.get(f"/api/v1/documents/{before}").status_code == 200, "what could not be removed whole, stays"
        with services.database.read() as session:
            assert jobs.get_state(session, job_id) in jobs.OPEN_JOBS
            assert job_items.list_open_items(session, job_id), "documents wait, and do not fail"
    assert {item.status for item in wait_for(services, job_id).items} == {ItemStatus.INDEXED}
    found = api.post("/api/v1/search", json={"query": "where do limes grow"}).json()["passages"]
    assert "lime.md" in {each["document"] for each in found}
    take_stock(services)


@pytest.mark.skipif(bool(REAL_QDRANT), reason="a server that others use is not stopped")
def test_a_service_that_starts_while_qdrant_is_down_says_so_and_gets_ready_when_it_is_back(cluster: Cluster) -> None:
    assert cluster.qdrant is not None
    services = cluster.open_services(works=True)
    try:
        api = TestClient(build_api(services))
        with cluster.qdrant.away():
            services.warm_up()
            wait_until(lambda: services._trouble is not None)
            assert "The Qdrant server" in detail_of(api.get("/readyz"))
        wait_until(lambda: api.get("/readyz").status_code == 200)
    finally:
        services.close()
