"""Words of documents are read again only as they are now, and only for who may read them."""

from pathlib import Path

import pytest

from app.db import parsed_texts, passages, versions
from app.db.passages import Place
from app.domain import Passage
from app.services import Services
from app.settings import chat_files_dir
from ingest.removal import Removal
from tests.taking_in import find, open_base, take_in

TEXT = "# Leave\n\n" + "\n\n".join(
    f"Section {n} says “naïve 🙂” that parents receive {n} days of leave, " + "and so on " * 40 for n in range(12)
)


@pytest.fixture
def base_id(services: Services, tmp_path: Path) -> str:
    """A knowledge base with a document of several chunks."""
    (tmp_path / "leave.md").write_text(TEXT)
    take_in(services, tmp_path / "leave.md")
    return open_base(services).id


def chunks_of(services: Services) -> list[Passage]:
    return sorted(find(services, "parents receive days of leave"), key=lambda passage: passage.start)


def load(services: Services, place: Place, *knowledge_base_ids: str) -> Passage | None:
    with services.database.read() as session:
        return passages.load_spans(session, [place], knowledge_base_ids).get(place)


def place_of(passage: Passage) -> Place:
    return passage.document_id, passage.start, passage.end


def test_a_chunk_is_read_as_it_was_found(services: Services, base_id: str) -> None:
    for chunk in chunks_of(services):
        again = load(services, place_of(chunk), base_id)
        assert again is not None
        assert (again.text, again.headings, again.page, again.document) == (
            chunk.text,
            chunk.headings,
            chunk.page,
            chunk.document,
        )


def test_a_span_over_several_chunks_is_read_with_what_stands_between_them(services: Services, base_id: str) -> None:
    first, *_, last = chunks_of(services)
    again = load(services, (first.document_id, first.start + 3, last.end - 3), base_id)
    assert again is not None
    with services.database.read() as session:
        [version_id] = versions.active_versions(session, [first.document_id])
        text = parsed_texts.get_text(session, version_id)
    assert again.text == text[first.start + 3 : last.end - 3]


def test_a_span_beyond_the_text_is_not_there(services: Services, base_id: str) -> None:
    first = chunks_of(services)[0]
    assert load(services, (first.document_id, first.start, 10**6), base_id) is None


def test_nothing_is_read_from_a_knowledge_base_that_is_not_named(services: Services, base_id: str) -> None:
    first = chunks_of(services)[0]
    assert load(services, place_of(first), base_id) is not None
    assert load(services, place_of(first), open_base(services, "Others").id) is None
    assert load(services, place_of(first)) is None


def test_a_deleted_document_is_not_there(services: Services, base_id: str) -> None:
    first = chunks_of(services)[0]
    chats = chat_files_dir(services.settings.data_dir)
    Removal(services.database, services.files, services.index.get(), chats).remove(first.document_id)
    assert load(services, place_of(first), base_id) is None


def test_a_version_is_readable_until_its_document_changes(services: Services, base_id: str, tmp_path: Path) -> None:
    document_id = chunks_of(services)[0].document_id

    def active() -> set[str]:
        with services.database.read() as session:
            return versions.active_versions(session, [document_id])

    def readable(ids: set[str], *bases: str) -> frozenset[str]:
        with services.database.read() as session:
            return versions.readable_versions(session, ids, bases)

    before = active()
    assert readable(before, base_id) == before
    assert not readable(before, open_base(services, "Others").id)
    (tmp_path / "leave.md").write_text(TEXT + "\n\nAnd more.\n")
    take_in(services, tmp_path / "leave.md")
    assert not readable(before, base_id)
    assert readable(before | active(), base_id) == active() != before
