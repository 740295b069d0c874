"""A deleted knowledge base is out of sight at once, and then nowhere: the data folder is searched byte by byte."""

import time
from pathlib import Path

import pytest
from sqlmodel import select

from app.db import chats, jobs, knowledge_bases, people
from app.db.people_tables import Membership, Person
from app.db.tables import DocumentRow, Generation, JobRow, KnowledgeBaseRow, SourceRow
from app.domain import ChunkingProfile, Schedule, Splitter
from app.errors import NotFound, Rejected
from app.services import Services
from app.settings import Settings, chat_files_dir
from tests.fakes import open_with_fakes
from tests.ingest.stock import take_stock
from tests.ingest.test_removal import everywhere
from tests.taking_in import PATIENCE_S, find, open_base, start, take_in, wait_for, wait_for_all

CANARY = "Xylophonquarzwald"
GOING, STAYING = "Going", "Staying"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Prose, a table, and a file that cannot be taken in."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "prose.md").write_text(f"# {CANARY}\n\nNobody knows the {CANARY}, not even the owls.\n")
    (folder / "table.csv").write_text(f"Plant,Height\n{CANARY},3\nOwl,1\n")
    (folder / "broken.pdf").write_text(f"%PDF-1.7 {CANARY}")
    return folder


def delete(services: Services, kb: str = GOING) -> str:
    """Delete a knowledge base to the end; returns the id that it had."""
    id = open_base(services, kb).id
    services.ingest().delete_knowledge_base(id)
    wait_until_gone(services, id)
    return id


def wait_until_gone(services: Services, id: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        with services.database.read() as session:
            if session.get(KnowledgeBaseRow, id) is None:
                break
        assert time.monotonic() < give_up_at, "the knowledge base is still there"
        time.sleep(0.02)
    services.database.scrub()  # the last step of emptying, which may still be on its way


def readable(services: Services) -> set[str]:
    """What an admin sees."""
    with services.database.read() as session:
        return set(people.get_access(session, Person(id="x", name="x", is_admin=True)).readable)


def test_all_that_a_knowledge_base_held_is_gone(services: Services, docs: Path, tmp_path: Path) -> None:
    take_in(services, docs, kb=GOING)
    base = open_base(services, GOING)
    small = ChunkingProfile(Splitter.SENTENCE, 16, 0)
    line = services.ingest()
    wait_for(services, line.reindexing.begin(base.id, small, person_id="local"))
    line.sources.watch_folder(docs, knowledge_base_id=base.id, person_id="local", schedule=Schedule("0 2 * * *"))
    wait_for_all(services)  # it is looked at once at the beginning
    with services.database.write() as session:
        ben = people.create_person(session, "Ben", "correct horse battery")
        session.add(Membership(person_id=ben.id, knowledge_base_id=base.id))
    assert everywhere(services.settings.data_dir, CANARY)
    id = delete(services)
    assert everywhere(services.settings.data_dir, CANARY) == []
    assert services.index.get().count() == 0
    with services.database.read() as session:
        for table in (DocumentRow, JobRow, Membership, SourceRow):
            assert session.exec(select(table)).all() == [], table
        assert session.exec(select(Generation).where(Generation.knowledge_base_id == id)).all() == []
    take_stock(services)


def test_what_chats_quoted_goes_with_it(services: Services, docs: Path) -> None:
    id = take_in(services, docs / "prose.md", kb=GOING)["prose.md"].document_id
    file = chat_files_dir(services.settings.data_dir) / "thread" / "element"
    file.parent.mkdir(parents=True)
    file.write_text(CANARY)
    step = {"threadId": "thread", "name": "x", "streaming": False, "createdAt": chats.now()}
    said = {"id": "answer", "type": "assistant_message", "output": f"The {CANARY} [1]."}
    with services.database.write() as session:
        chats.save_step(session, step | said | {"metadata": {chats.QUOTED_DOCUMENTS: [id]}})
    delete(services)
    with services.database.read() as session:
        thread = chats.find_thread(session, "thread")
    assert thread is not None
    assert [each["output"] for each in thread["steps"]] == [chats.REDACTED]


def test_nobody_sees_it_from_the_first_moment_on_and_its_name_is_free(services: Services, docs: Path) -> None:
    take_in(services, docs / "prose.md", kb=GOING)
    id = open_base(services, GOING).id
    with services.database.write() as session:
        knowledge_bases.hide(session, id)
    assert readable(services) == set()
    assert open_base(services, GOING).id != id
    assert find(services, CANARY, kb=GOING) == []
    with services.database.write() as session, pytest.raises(NotFound, match="no longer exists"):
        jobs.create_job(session, knowledge_base_id=id, requested_by="local")


def test_it_is_refused_while_a_job_runs_and_all_is_as_before(services: Services, docs: Path) -> None:
    services.ingest()
    base = open_base(services, GOING)
    with services.database.write() as session:  # a job that nobody has begun to work on
        job_id = jobs.create_job(session, knowledge_base_id=base.id, requested_by="local")
    with pytest.raises(Rejected, match="still runs"):
        services.ingest().delete_knowledge_base(base.id)
    assert readable(services) == {GOING}
    with services.database.write() as session:
        jobs.finish_job(session, job_id, error=None)
    delete(services)
    assert readable(services) == set()


def test_a_crash_in_between_is_made_good_at_the_next_start(settings: Settings, docs: Path) -> None:
    services = open_with_fakes(settings)
    take_in(services, docs, kb=GOING)
    id = open_base(services, GOING).id
    services.ingest().sources.watch_folder(
        docs, knowledge_base_id=id, person_id="local", schedule=Schedule("0 2 * * *")
    )
    wait_for_all(services)
    with services.database.write() as session:  # what is written first; then the power is cut
        knowledge_bases.hide(session, id)
    services.close()
    services = open_with_fakes(settings)
    services.ingest()
    wait_until_gone(services, id)
    assert everywhere(settings.data_dir, CANARY) == []
    take_stock(services)
    services.close()


def test_another_knowledge_base_with_the_same_files_keeps_its_own(services: Services, docs: Path) -> None:
    for kb in (GOING, STAYING):
        take_in(services, docs, kb=kb)
    delete(services)
    assert readable(services) == {STAYING}
    assert {passage.document for passage in find(services, CANARY, kb=STAYING)} == {"prose.md", "table.csv"}
    with services.database.read() as session:
        hashes = set(session.exec(select(DocumentRow.id)).all())
    assert len(hashes) == 2
    assert take_in(services, docs / "prose.md", kb=GOING)["prose.md"].embedded_chunks == 0
    take_stock(services)


def test_what_is_added_under_its_name_meanwhile_is_not_touched(services: Services, docs: Path) -> None:
    take_in(services, docs / "prose.md", kb=GOING)
    id = open_base(services, GOING).id
    services.ingest().delete_knowledge_base(id)
    wait_for(services, start(services, docs / "prose.md", kb=GOING))
    wait_until_gone(services, id)
    assert [passage.document for passage in find(services, CANARY, kb=GOING)] == ["prose.md"]
    take_stock(services)
