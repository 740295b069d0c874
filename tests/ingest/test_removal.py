"""A deleted document is nowhere: the data folder is searched byte by byte for what only it said."""

import csv
import zipfile
from pathlib import Path

import pytest

from app.db import chats, documents
from app.db.chat_tables import chat_elements, chat_steps
from app.domain import Removed
from app.services import Services
from app.settings import chat_files_dir
from tests.fakes import WordHashEmbedder
from tests.taking_in import find, open_base, take_in

CANARY = "Xylophonquarzwald"
OTHER = "Brombeerhecke"


def everywhere(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold the word, in UTF-8 or UTF-16, as it is or in small letters."""
    needles = [form.encode(code) for form in (word, word.lower()) for code in ("utf-8", "utf-16-le")]
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path.relative_to(folder)) for path in files if any(n in path.read_bytes() for n in needles)]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A table, an archive with a document in it, and long prose; and one document that stays."""
    folder = tmp_path / "docs"
    folder.mkdir()
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["Plant", "Height"], *[[f"{CANARY} {n}", n] for n in range(50)]])
    with zipfile.ZipFile(folder / "box.zip", "w") as archive:
        archive.writestr("inner.md", f"# Inside\n\nThe {CANARY} stands inside.\n")
    (folder / "prose.md").write_text(f"# {CANARY}\n\n" + f"Nobody knows the {CANARY}, not even the owls.\n\n" * 200)
    (folder / "stays.md").write_text(f"# Hedge\n\nThe {OTHER} stays.\n")
    return folder


def delete(services: Services, name: str) -> Removed:
    with services.database.read() as session:
        every = documents.list_documents(session, [open_base(services).id])
    (id,) = [document.id for document in every if document.name == name]
    return services.ingest().delete_document(id)


def test_what_only_deleted_documents_said_is_in_no_file_of_the_data_folder(services: Services, docs: Path) -> None:
    take_in(services, docs)
    data = services.settings.data_dir
    assert everywhere(data, CANARY), "the canary was never there"
    for name in ("table.csv", "box.zip", "prose.md"):
        delete(services, name)
    assert everywhere(data, CANARY) == []
    assert everywhere(data, OTHER) != []
    assert find(services, OTHER)[0].document == "stays.md"


def test_deleting_says_what_went(services: Services, docs: Path) -> None:
    outcomes = take_in(services, docs)
    chunks = outcomes["table.csv"].chunks
    removed = delete(services, "table.csv")
    assert removed == Removed(
        documents=1, chunks=chunks, points=chunks, tables=1, files=2, embeddings=chunks, answers=0
    )


def test_an_archive_goes_with_what_lies_in_it(services: Services, docs: Path) -> None:
    take_in(services, docs)
    assert delete(services, "box.zip").documents == 2


def test_the_old_version_of_a_changed_document_is_in_no_file_either(services: Services, docs: Path) -> None:
    take_in(services, docs / "prose.md")
    (docs / "prose.md").write_text("# Owls\n\nThe owls know nothing.\n")
    take_in(services, docs / "prose.md")
    services.database.scrub()
    assert everywhere(services.settings.data_dir, CANARY) == []


def test_vectors_of_a_text_that_another_document_has_too_are_kept(services: Services, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"# {CANARY}\n\nBoth say this.\n")
    id = take_in(services, tmp_path / "a.md")["a.md"].document_id
    take_in(services, tmp_path / "b.md")
    assert id is not None
    assert services.ingest().delete_document(id).embeddings == 0
    assert take_in(services, tmp_path / "a.md")["a.md"].embedded_chunks == 0


def test_what_chats_quoted_goes_with_the_document_and_questions_stay(services: Services, docs: Path) -> None:
    id = take_in(services, docs / "prose.md")["prose.md"].document_id
    assert id is not None
    files = chat_files_dir(services.settings.data_dir)
    (files / "thread").mkdir(parents=True)
    (files / "thread" / "element").write_text(f"Nobody knows the {CANARY}.")
    step = {"threadId": "thread", "name": "x", "streaming": False, "createdAt": chats.now()}
    answer = {chats.QUOTED_DOCUMENTS: [id], chats.ANSWER: f"The {CANARY} [1]."}
    element = {
        "id": "element",
        "threadId": "thread",
        "forId": "answer",
        "type": "text",
        "name": "[1]",
        "display": "side",
    }
    with services.database.write() as session:
        ask = {"id": "question", "type": "user_message", "output": "Who knows it?", "metadata": {}}
        chats.save_step(session, step | ask)
        said = {"id": "answer", "type": "assistant_message", "output": f"The {CANARY} [1].", "metadata": answer}
        chats.save_step(session, step | said)
        chats.save_row(session, chat_elements, element | {"objectKey": "thread/element", "props": {"x": CANARY}})
    assert services.ingest().delete_document(id).answers == 1
    with services.database.read() as session:
        thread = chats.find_thread(session, "thread")
        assert chats.find_row(session, chat_steps, chat_steps.c.id == "question")
    assert thread is not None
    assert [s["output"] for s in thread["steps"]] == ["Who knows it?", chats.REDACTED]
    assert everywhere(services.settings.data_dir, CANARY) == []


def test_vectors_of_what_was_read_for_answers_are_forgotten_with_a_deletion(
    services: Services, embedder: WordHashEmbedder, docs: Path
) -> None:
    take_in(services, docs)
    embedder.embedded.clear()
    for _ in range(2):
        services.sentences.embed([CANARY], embedder)
    assert embedder.embedded == [CANARY]
    delete(services, "prose.md")
    services.sentences.embed([CANARY], embedder)
    assert embedder.embedded == [CANARY, CANARY]
