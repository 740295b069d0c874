"""What is in is read again: another reading takes its place once it is whole, and the same one changes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from app.db import chunks, documents, parsed_texts
from app.domain import ChunkingProfile, Document, FoundFile, ItemStatus, JobItem, Splitter
from app.errors import EngineUnavailable
from app.ports import Vectors
from app.services import Services
from app.settings import Settings, load_settings
from tests.fakes import WordHashEmbedder, open_with_fakes
from tests.ingest.stock import take_stock
from tests.taking_in import find, open_base, take_in, wait_for

PLANTS = "Plant,Height\n" + "".join(f"Rose number {n},{n}\n" for n in range(30))


class Embedder(WordHashEmbedder):
    """Fails while it `is_broken`."""

    is_broken = False

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        if self.is_broken:
            raise EngineUnavailable("The embedder does not answer; start it.")
        return super().embed_documents(texts)


@pytest.fixture
def read_with(tmp_path: Path) -> Callable[[int], Settings]:
    """Settings under which this many rows of a table become text."""
    return lambda rows: load_settings({"data_dir": tmp_path / "data", "limits": {"text_rows": rows}})


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    path = tmp_path / "plants.csv"
    path.write_text(PLANTS)
    return path


def the_document(services: Services) -> Document:
    with services.database.read() as session:
        (document,) = documents.list_documents(session, [open_base(services).id])
    return document


def the_text(services: Services) -> str:
    with services.database.read() as session:
        return parsed_texts.get_text(session, the_document(services).version_id)


def read_again(services: Services) -> JobItem:
    document = the_document(services)
    found = [FoundFile(document.name, document.location, document.content_hash, document.size_bytes)]
    line = services.ingest()
    job_id = line.jobs.ingest_files(
        found, knowledge_base_id=document.knowledge_base_id, person_id="local", is_again=True
    )
    (item,) = wait_for(services, job_id).items
    return item


def test_the_same_reading_changes_nothing(services: Services, tmp_path: Path) -> None:
    (tmp_path / "fruit.md").write_text("# Fruit\n\nA pear is green.\n")
    take_in(services, tmp_path / "fruit.md")
    before = the_document(services)
    assert read_again(services).status is ItemStatus.UNCHANGED
    assert the_document(services) == before


def test_another_reading_takes_the_place_of_the_first_and_leaves_nothing_of_it(
    read_with: Callable[[int], Settings], plants: Path
) -> None:
    services = open_with_fakes(read_with(5))
    take_in(services, plants)
    before, text = the_document(services), the_text(services)
    services.close()
    services = open_with_fakes(read_with(30))
    assert take_in(services, plants)["plants.csv"].status is ItemStatus.UNCHANGED
    assert read_again(services).status is ItemStatus.INDEXED
    after = the_document(services)
    assert "Rose number 29" not in text
    assert "Rose number 29" in the_text(services)
    assert (after.id, after.content_hash) == (before.id, before.content_hash)
    assert after.version_id != before.version_id
    assert any("Rose number 29" in passage.text for passage in find(services, "Rose number 29"))
    take_stock(services)
    services.close()


def test_what_answered_still_does_when_reading_again_fails(read_with: Callable[[int], Settings], plants: Path) -> None:
    services = open_with_fakes(read_with(5))
    take_in(services, plants)
    before = the_document(services)
    services.close()
    embedder = Embedder()
    services = open_with_fakes(read_with(30), embedder)
    embedder.is_broken = True
    failed = read_again(services)
    assert (failed.status, failed.error) == (ItemStatus.FAILED, "The embedder does not answer; start it.")
    assert the_document(services) == before
    embedder.is_broken = False
    assert find(services, "Rose number 3")
    line = services.ingest()
    (again,) = wait_for(services, line.jobs.retry(failed.job_id, person_id="local")).items
    assert again.status is ItemStatus.INDEXED
    take_stock(services)
    services.close()


def test_a_kept_generation_is_given_the_new_reading_when_it_answers_again(
    read_with: Callable[[int], Settings], plants: Path
) -> None:
    services = open_with_fakes(read_with(5))
    take_in(services, plants)
    base = open_base(services)
    small = ChunkingProfile(Splitter.SENTENCE, 16, 0)
    wait_for(services, services.ingest().reindexing.begin(base.id, small, person_id="local"))
    services.close()
    services = open_with_fakes(read_with(30))
    read_again(services)
    with services.database.read() as session:
        assert chunks.chunk_ids_of(session, base.generation_id, the_document(services).id) == set()
    job_id = services.ingest().reindexing.activate(base.generation_id, person_id="local")
    assert job_id is not None
    wait_for(services, job_id)
    text = the_text(services)
    passages = find(services, "Rose number 29")
    assert passages
    assert all(text[passage.start : passage.end] == passage.text for passage in passages)
    services.close()


def test_what_was_deleted_since_does_not_come_back(services: Services, plants: Path) -> None:
    take_in(services, plants)
    document = the_document(services)
    found = [FoundFile(document.name, document.location, document.content_hash, document.size_bytes)]
    services.ingest().delete_document(document.id)
    job_id = services.ingest().jobs.ingest_files(
        found, knowledge_base_id=document.knowledge_base_id, person_id="local", is_again=True
    )
    (item,) = wait_for(services, job_id).items
    assert item.status is ItemStatus.UNCHANGED
    assert find(services, "rose number 3") == []


def test_newer_words_are_not_taken_back_by_an_older_file(services: Services, plants: Path) -> None:
    take_in(services, plants)
    older = the_document(services)
    found = [FoundFile(older.name, older.location, older.content_hash, older.size_bytes)]
    plants.write_text(PLANTS.replace("Rose", "Tulip"))
    take_in(services, plants)
    job_id = services.ingest().jobs.ingest_files(
        found, knowledge_base_id=older.knowledge_base_id, person_id="local", is_again=True
    )
    assert wait_for(services, job_id).items[0].status is ItemStatus.UNCHANGED
    assert "Tulip" in the_text(services)
