"""Several web processes and workers on one Postgres and one index: what a killed one had begun, others take up."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.db import processes
from tests.cluster import Cluster, Member, wait_until
from tests.ingest.stock import take_stock

# Five processes that are killed and replaced take a minute of computing: `.ci/run` asks for them.
ASKED_FOR = "CLOISTER_TEST_BENCH"
ENDED = ("done", "failed", "cancelled")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster.open(tmp_path) as cluster:
        yield cluster


def upload(web: Member, number: int) -> str:
    """Upload one small document through one of the web processes; returns the job's id."""
    text = (
        f"# Note {number}\n\nThe marker of note {number} is word{number:03}.\n\n"
        + f"Filler {number} says little. " * 40
    )
    with web.client() as api:
        answer = api.post("/knowledge-bases/Documents/documents", files={"files": (f"note-{number:03}.md", text)})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])


def count_open(web: Member, jobs: list[str]) -> int:
    with web.client() as api:
        states = [api.get(f"/jobs/{job}", params={"outcomes": False}).json()["state"] for job in jobs]
    return sum(state not in ENDED for state in states)


def require_all_in_once(cluster: Cluster, webs: list[Member], jobs: list[str], documents: int) -> None:
    """Each document answers once, whichever web process is asked, and the index holds its chunks and nothing else."""
    with webs[0].client() as api:
        outcomes = [each for job in jobs for each in api.get(f"/jobs/{job}").json()["outcomes"]]
    assert Counter(each["status"] for each in outcomes) == {"indexed": documents}, outcomes
    services = cluster.open_services()
    try:
        stock = take_stock(services)
        assert (stock.documents, stock.versions, stock.files) == (documents, documents, documents)
    finally:
        services.close()
    for web in webs:
        with web.client() as api:
            for number in range(documents):
                found = api.post("/search", json={"query": f"word{number:03} note {number}", "k": 3}).json()["passages"]
                assert f"note-{number:03}.md" in {each["document"] for each in found}


def test_what_a_killed_worker_had_begun_is_done_once_by_another(cluster: Cluster) -> None:
    web, workers = cluster.start_web(), [cluster.start_worker(), cluster.start_worker()]
    cluster.wait_until_ready(web)
    jobs = [upload(web, number) for number in range(6)]
    wait_until(lambda: count_open(web, jobs) < len(jobs), cluster.outputs)
    jobs += [upload(web, number) for number in range(6, 12)]
    workers[0].kill()
    wait_until(lambda: not count_open(web, jobs), cluster.outputs)
    require_all_in_once(cluster, [web], jobs, 12)
    # Its row goes once its work is taken up; who leaves in order says so.
    assert [web.stop(), workers[1].stop()] == [0, 0], cluster.outputs()
    services = cluster.open_services()
    with services.database.read() as session:
        assert processes.list_here(session) == []
    services.close()


@pytest.mark.skipif(not os.environ.get(ASKED_FOR), reason=f"FIVE PROCESSES ARE NOT TRIED: set {ASKED_FOR}=1 for it")
def test_sixty_documents_are_in_once_though_workers_are_killed_at_random(cluster: Cluster) -> None:
    moments = random.Random(39)
    webs = [cluster.start_web(), cluster.start_web()]
    workers = [cluster.start_worker() for _ in range(3)]
    cluster.wait_until_ready(*webs)
    with ThreadPoolExecutor(2) as uploads:
        jobs = list(uploads.map(lambda number: upload(webs[number % 2], number), range(60)))
    for tenth in range(1, 6):
        wait_until(lambda part=jobs[: 8 * tenth]: not count_open(webs[0], part), cluster.outputs)
        assert count_open(webs[0], jobs), "it was over before all kills"
        victim = moments.randrange(3)
        workers[victim].kill()
        workers[victim] = cluster.start_worker()
    wait_until(lambda: not count_open(webs[0], jobs), cluster.outputs)
    require_all_in_once(cluster, webs, jobs, 60)
