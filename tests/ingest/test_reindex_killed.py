"""`kill -9` at random moments of a re-index: the old generation serves until the switch, and no orphan is left."""

import multiprocessing
import random
import time
from pathlib import Path

from app.db import jobs
from app.domain import GenerationState, JobState
from app.settings import Settings
from tests.fakes import open_with_fakes
from tests.ingest.killed_process import JOB, reindex_or_go_on
from tests.ingest.stock import take_stock
from tests.taking_in import find, open_base, take_in

DOCUMENTS, KILLS = 12, 6


def test_after_kills_at_random_moments_one_generation_answers_and_all_of_it_is_there(
    settings: Settings, tmp_path: Path
) -> None:
    moments = random.Random(20_262)
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(DOCUMENTS):
        sentences = " ".join(f"Sentence {n} tells something about note {number}." for n in range(8))
        (docs / f"{number:02}.md").write_text(f"# Note {number}\n\n{sentences}\n")
    services = open_with_fakes(settings)
    take_in(services, docs)
    services.close()

    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.ingest.killed_process"])
    kills = 0
    while True:
        process = processes.Process(target=reindex_or_go_on, args=(settings.data_dir, tmp_path))
        process.start()
        while not (tmp_path / JOB).exists() and process.exitcode is None:
            time.sleep(0.01)
        process.join(moments.uniform(0.3, 1.2) if kills < KILLS else None)
        if process.exitcode is not None:
            break
        process.kill()
        process.join()
        kills += 1

    assert process.exitcode == 0
    services = open_with_fakes(settings)
    found = {passage.document for passage in find(services, "something about note", k=100)}
    base = open_base(services)
    states = {each.state: each for each in services.ingest().reindexing.list_generations(base.id)}
    with services.database.read() as session:
        job = jobs.get_job(session, (tmp_path / JOB).read_text())
    services.ingest().reindexing.forget(states[GenerationState.KEPT].id)
    take_stock(services)
    services.close()
    assert job.state is JobState.DONE
    assert len(found) == DOCUMENTS
    assert states.keys() == {GenerationState.ACTIVE, GenerationState.KEPT}
    assert states[GenerationState.ACTIVE].profile.chunk_size == 16
