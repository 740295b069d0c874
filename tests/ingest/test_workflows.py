"""Jobs on folders: what is new goes in, what is unchanged is left alone, what is gone goes out."""

import errno
import os
import time
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from app.db.files import FileStore
from app.domain import FoundFile, ItemStatus, JobItem
from app.errors import EngineUnavailable, Rejected
from app.ports import Vectors
from app.services import Services
from app.settings import Settings
from ingest.sources.folder import Unreadable, find_files
from tests.fakes import WordHashEmbedder, open_with_fakes
from tests.ingest.stock import Stock, take_stock
from tests.taking_in import find, open_base, start, take_in, wait_for

FRUIT = "# Fruit\n\nApples ripen in autumn.\n\n# Nuts\n\nWalnuts ripen in October.\n"
TREES = "# Oaks\n\nOaks grow slowly.\n\n# Birches\n\nBirches grow fast.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with two documents of two chunks each."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "fruit.md").write_text(FRUIT)
    (folder / "trees.md").write_text(TREES)
    return folder


def statuses(outcomes: dict[str, JobItem]) -> dict[str, str]:
    return {name: item.status.value for name, item in outcomes.items()}


def names_found(services: Services, text: str) -> set[str]:
    return {passage.document for passage in find(services, text)}


def texts_found(services: Services, text: str) -> set[str]:
    return {passage.text for passage in find(services, text)}


def write_mail(path: Path, attachments: Sequence[tuple[str, str]]) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "The offer", "a@example.com", "b@example.com"
    mail.set_content("Please find the papers attached.")
    for name, text in attachments:
        mail.add_attachment(text.encode(), maintype="text", subtype="plain", filename=name)
    path.write_bytes(mail.as_bytes())


# --- in, again, changed ---------------------------------------------------------------------------


def test_a_folder_is_indexed_and_found(services: Services, docs: Path) -> None:
    assert statuses(take_in(services, docs)) == {"fruit.md": "indexed", "trees.md": "indexed"}
    assert find(services, "walnuts ripen")[0].document == "fruit.md"
    assert take_stock(services) == Stock(documents=2, versions=2, chunks=4, points=4, files=2)


def test_a_second_run_is_all_unchanged_and_embeds_nothing(
    services: Services, docs: Path, embedder: WordHashEmbedder
) -> None:
    first = take_in(services, docs)
    embedded = len(embedder.embedded)
    second = take_in(services, docs)
    assert statuses(second) == {"fruit.md": "unchanged", "trees.md": "unchanged"}
    assert second["fruit.md"].document_id == first["fruit.md"].document_id
    assert len(embedder.embedded) == embedded


def test_of_a_changed_file_only_the_new_version_is_left(services: Services, docs: Path) -> None:
    before = take_in(services, docs)["fruit.md"]
    (docs / "fruit.md").write_text(FRUIT.replace("Walnuts ripen in October", "Hazelnuts ripen in September"))
    after = take_in(services, docs)["fruit.md"]
    assert (after.status, after.document_id, after.embedded_chunks) == ("indexed", before.document_id, 1)
    assert not any("Walnuts" in text for text in texts_found(services, "walnuts ripen in october"))
    assert any("Hazelnuts" in text for text in texts_found(services, "hazelnuts"))
    assert take_stock(services) == Stock(documents=2, versions=2, chunks=4, points=4, files=2)


def test_an_unchanged_chunk_keeps_its_id_when_its_file_changes(services: Services, docs: Path) -> None:
    take_in(services, docs)
    before = {passage.text: passage.chunk_id for passage in find(services, "apples ripen")}
    (docs / "fruit.md").write_text("# Berries\n\nCurrants are red.\n\n" + FRUIT)
    take_in(services, docs)
    after = {passage.text: passage.chunk_id for passage in find(services, "apples ripen")}
    assert before.items() <= after.items()


def test_a_failed_reingest_keeps_the_old_chunks_searchable(services: Services, docs: Path) -> None:
    take_in(services, docs)
    (docs / "fruit.md").write_bytes(b"%PDF-1.7 broken from here on")
    assert take_in(services, docs)["fruit.md"].status == ItemStatus.FAILED
    assert names_found(services, "apples ripen in autumn") >= {"fruit.md"}
    assert take_stock(services) == Stock(documents=2, versions=2, chunks=4, points=4, files=2)


def test_a_file_that_takes_over_anothers_old_content_is_indexed(services: Services, docs: Path) -> None:
    """As logs are rotated: the old version's file must not go while another document still waits for it."""
    take_in(services, docs)
    (docs / "fruit.md").rename(docs / "fruit.1.md")
    (docs / "fruit.md").write_text("# Fruit\n\nNothing ripens in winter.\n")
    for _ in range(2):
        outcomes = take_in(services, docs)
    assert statuses(outcomes) == {"fruit.1.md": "unchanged", "fruit.md": "unchanged", "trees.md": "unchanged"}
    assert take_stock(services).documents == 3


def test_a_path_that_does_not_exist_starts_no_job(services: Services, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="check the path"):
        start(services, tmp_path / "nowhere")


def test_a_folder_that_vanished_before_its_job_ran_fails_the_job_with_a_sentence(
    services: Services, docs: Path
) -> None:
    base = open_base(services)
    job_id = services.ingest_line.jobs.ingest_paths([docs], knowledge_base_id=base.id, person_id="local", prune=False)
    docs.rename(docs.with_name("elsewhere"))
    services.ingest()
    assert "check the path" in (wait_for(services, job_id).error or "")


# --- attachments ----------------------------------------------------------------------------------


def test_a_file_that_vanished_before_it_was_copied_fails_alone(
    services: Services, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_as_usual = find_files

    def find_and_lose(*args: Any, **kwargs: Any) -> Iterator[FoundFile | Unreadable]:
        yield from list(find_as_usual(*args, **kwargs))
        (docs / "fruit.md").unlink(missing_ok=True)

    monkeypatch.setattr("ingest.look.find_files", find_and_lose)
    outcomes = take_in(services, docs)
    assert statuses(outcomes) == {"fruit.md": "failed", "trees.md": "indexed"}
    assert "cannot be read" in str(outcomes["fruit.md"].error)


def test_a_full_disk_ends_the_job_with_a_sentence_and_keeps_what_was_there(
    services: Services, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(services, docs)
    (docs / "fruit.md").write_text(FRUIT.replace("autumn", "winter"))

    def no_space(*_: object) -> tuple[str, int]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FileStore, "add", no_space)
    job = wait_for(services, start(services, docs))
    assert (job.state, job.error) == (
        "failed",
        "The job was stopped (No space left on device); what was indexed stays. Start it again.",
    )
    assert names_found(services, "apples ripen in autumn") >= {"fruit.md"}


def test_attachments_become_documents_of_their_own(services: Services, docs: Path) -> None:
    write_mail(docs / "offer.eml", [("terms.txt", "Payment within thirty days."), ("terms.txt", "Delivery by ship.")])
    outcomes = take_in(services, docs / "offer.eml")
    assert statuses(outcomes) == {"offer.eml": "indexed", "terms.txt": "indexed", "terms (2).txt": "indexed"}
    assert names_found(services, "payment within thirty days") >= {"terms.txt"}
    assert names_found(services, "delivery by ship") >= {"terms (2).txt"}
    assert take_stock(services).documents == 3


def test_an_attachment_that_was_taken_out_is_removed_and_the_others_stay(services: Services, docs: Path) -> None:
    write_mail(docs / "offer.eml", [("old.txt", "The price is ten."), ("kept.txt", "Delivery by ship.")])
    take_in(services, docs)
    write_mail(docs / "offer.eml", [("new.txt", "The price is twelve."), ("kept.txt", "Delivery by ship.")])
    outcomes = take_in(services, docs)
    assert (outcomes["new.txt"].status, outcomes["kept.txt"].status) == ("indexed", "unchanged")
    assert names_found(services, "price delivery") >= {"new.txt", "kept.txt"}
    assert "old.txt" not in names_found(services, "price ten")
    assert take_stock(services).documents == 5


def test_an_unreadable_attachment_fails_alone(services: Services, docs: Path) -> None:
    write_mail(docs / "offer.eml", [("broken.pdf", "no PDF at all"), ("fine.txt", "Delivery by ship.")])
    outcomes = take_in(services, docs / "offer.eml")
    assert statuses(outcomes) == {"offer.eml": "indexed", "broken.pdf": "failed", "fine.txt": "indexed"}
    assert take_stock(services).documents == 2


# --- out ------------------------------------------------------------------------------------------


def test_a_deleted_document_leaves_nothing_behind(services: Services, docs: Path) -> None:
    write_mail(docs / "offer.eml", [("terms.txt", "Payment within thirty days.")])
    mail_id = take_in(services, docs / "offer.eml")["offer.eml"].document_id
    assert mail_id
    services.ingest().delete_document(mail_id)
    assert find(services, "payment within thirty days") == []
    assert take_stock(services) == Stock(documents=0, versions=0, chunks=0, points=0, files=0)


def test_prune_removes_what_is_gone_and_only_under_the_named_folder(services: Services, tmp_path: Path) -> None:
    for folder in ("a", "ab", "a/sub"):
        (tmp_path / folder).mkdir()
        for name in ("stays.md", "goes.md"):
            (tmp_path / folder / name).write_text(f"# {folder} {name}\n\nSome text.")
    for folder in ("a", "ab"):
        take_in(services, tmp_path / folder)
    for gone in tmp_path.rglob("goes.md"):
        gone.unlink()
    take_in(services, tmp_path / "a", prune=True)
    assert take_stock(services).documents == 4
    take_in(services, tmp_path / "ab", prune=True)
    assert take_stock(services).documents == 3


def test_without_prune_a_document_outlives_its_file(services: Services, docs: Path) -> None:
    take_in(services, docs)
    (docs / "fruit.md").unlink()
    take_in(services, docs)
    assert "fruit.md" in names_found(services, "apples")


def test_prune_keeps_what_can_not_be_read_just_now(services: Services, docs: Path) -> None:
    take_in(services, docs)
    (docs / "fruit.md").unlink()
    (docs / "fruit.md").symlink_to(docs / "not-mounted")
    assert take_in(services, docs, prune=True)["fruit.md"].status == ItemStatus.FAILED
    assert take_stock(services).documents == 2


def test_prune_removes_a_mail_with_its_attachments(services: Services, docs: Path) -> None:
    write_mail(docs / "offer.eml", [("terms.txt", "Payment within thirty days.")])
    take_in(services, docs)
    (docs / "offer.eml").unlink()
    take_in(services, docs, prune=True)
    assert take_stock(services).documents == 2


def test_the_same_content_under_two_names_keeps_the_file_until_both_are_gone(services: Services, docs: Path) -> None:
    (docs / "copy.md").write_text(FRUIT)
    outcomes = take_in(services, docs / "fruit.md", docs / "copy.md")
    ids = [item.document_id for item in outcomes.values() if item.document_id]
    assert take_stock(services).files == 1
    services.ingest().delete_document(ids[0])
    assert take_stock(services).files == 1
    services.ingest().delete_document(ids[1])
    assert take_stock(services).files == 0


# --- stopping in the middle -----------------------------------------------------------------------


class SlowEmbedder(WordHashEmbedder):
    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        time.sleep(0.3)
        return super().embed_documents(texts)


def test_a_job_goes_on_after_the_services_were_closed_in_the_middle(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nText of note {number}.")
    embedder = SlowEmbedder()
    services = open_with_fakes(settings, embedder)
    job_id = start(services, folder)
    while len(embedder.embedded) < 2:
        time.sleep(0.01)
    services.close()
    services = open_with_fakes(settings, embedder)
    services.ingest()
    job = wait_for(services, job_id)
    stock = take_stock(services)
    services.close()
    assert {item.status for item in job.items} == {ItemStatus.INDEXED}, job.items
    assert stock.documents == 6
    assert len(embedder.embedded) <= 7


class BrokenEmbedder(WordHashEmbedder):
    is_broken = True

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        if self.is_broken:
            raise EngineUnavailable("The embedder does not answer; start it.")
        return super().embed_documents(texts)


def test_documents_that_failed_for_want_of_an_engine_are_taken_in_by_the_next_run(
    settings: Settings, docs: Path
) -> None:
    embedder = BrokenEmbedder()
    services = open_with_fakes(settings, embedder)
    first = take_in(services, docs)
    embedder.is_broken = False
    second = take_in(services, docs)
    stock = take_stock(services)
    services.close()
    assert first["fruit.md"].error == "The embedder does not answer; start it."
    assert statuses(second) == {"fruit.md": "indexed", "trees.md": "indexed"}
    assert stock.documents == 2
