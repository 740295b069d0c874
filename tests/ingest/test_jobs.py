"""Jobs in people's hands: watched, stopped, tried again, forgotten."""

import io
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.db import jobs
from app.db.columns import utc_now
from app.db.tables import JobRow
from app.domain import Job, JobState
from app.errors import NotFound, Rejected
from app.services import Services
from app.settings import Settings
from ingest.progress import EVERY_S
from ingest.sources.upload import store_upload
from tests.fakes import open_with_fakes
from tests.ingest.slow_embedder import PATIENCE_S, WaitingEmbedder
from tests.ingest.stock import Stock, take_stock
from tests.pdf_files import build_pdf
from tests.taking_in import find, open_base, start, take_in, wait_for

LOCKED = build_pdf("The secret recipe asks for rye.", password="rye")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nThe text of note number {number}.\n")
    return folder


@pytest.fixture
def waiting() -> WaitingEmbedder:
    return WaitingEmbedder()


@pytest.fixture
def slow_services(settings: Settings, waiting: WaitingEmbedder) -> Iterator[Services]:
    opened = open_with_fakes(settings, waiting)
    yield opened
    waiting.go.set()
    opened.close()


def upload(services: Services, name: str, content: bytes, password: str | None = None) -> Job:
    """Take in an upload to the end."""
    base = open_base(services)
    found = store_upload(name, io.BytesIO(content), files=services.files)
    job_id = services.ingest().jobs.ingest_files(
        [found], knowledge_base_id=base.id, person_id="local", password=password
    )
    return wait_for(services, job_id)


# --- stopping ---------------------------------------------------------------------------------------


def test_a_cancelled_job_ends_soon_and_leaves_nothing_of_what_was_at_hand(
    slow_services: Services, waiting: WaitingEmbedder, docs: Path
) -> None:
    job_id = start(slow_services, docs)
    assert waiting.is_asked.wait(PATIENCE_S)
    slow_services.ingest().jobs.cancel(job_id)
    waiting.go.set()
    job = wait_for(slow_services, job_id)
    assert job.state is JobState.CANCELLED
    assert {item.status.value for item in job.items} <= {"cancelled", "indexed"}
    indexed = [item for item in job.items if item.status == "indexed"]
    assert len(indexed) < len(job.items)
    assert take_stock(slow_services).documents == len(indexed)


def test_cancelling_keeps_what_a_document_said_before(settings: Settings, docs: Path) -> None:
    services = open_with_fakes(settings)
    take_in(services, docs)
    services.close()
    (docs / "0.md").write_text("# Note 0\n\nAnother text.\n")
    embedder = WaitingEmbedder()
    services = open_with_fakes(settings, embedder)
    job_id = start(services, docs)
    assert embedder.is_asked.wait(PATIENCE_S)
    services.ingest().jobs.cancel(job_id)
    time.sleep(EVERY_S)  # so long at most until the document asks
    embedder.go.set()
    statuses = {item.source: item.status.value for item in wait_for(services, job_id).items}
    assert statuses["0.md"] == "cancelled"
    assert any("note number 0" in passage.text for passage in find(services, "text of note number 0"))
    assert take_stock(services).documents == 8
    services.close()


def test_a_job_that_is_over_stays_as_it_ended(services: Services, docs: Path) -> None:
    job_id = start(services, docs)
    wait_for(services, job_id)
    services.ingest().jobs.cancel(job_id)
    assert wait_for(services, job_id).state is JobState.DONE


def test_a_job_that_is_not_there_cannot_be_cancelled(services: Services) -> None:
    with pytest.raises(NotFound):
        services.ingest().jobs.cancel("nothing")


# --- trying again -----------------------------------------------------------------------------------


def test_only_what_failed_is_tried_again_and_a_fixed_file_is_found_where_it_was(services: Services, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 broken from here on")
    job_id = start(services, docs)
    assert wait_for(services, job_id).failed == 1
    (docs / "broken.pdf").write_bytes(build_pdf("Now it can be read."))
    again = wait_for(services, services.ingest().jobs.retry(job_id, person_id="local"))
    assert [(item.source, item.status.value) for item in again.items] == [("broken.pdf", "indexed")]
    assert find(services, "now it can be read")[0].document == "broken.pdf"


def test_an_upload_that_needs_a_password_is_taken_in_once_it_is_given(services: Services) -> None:
    failed = upload(services, "recipe.pdf", LOCKED)
    assert "a password is needed" in (failed.items[0].error or "")
    wrong = wait_for(services, services.ingest().jobs.retry(failed.id, person_id="local", password="wheat"))
    assert "check the password" in (wrong.items[0].error or "")
    right = wait_for(services, services.ingest().jobs.retry(wrong.id, person_id="local", password="rye"))
    assert right.items[0].status == "indexed"
    assert "rye" in find(services, "secret recipe")[0].text
    assert take_stock(services) == Stock(documents=1, versions=1, chunks=1, points=1, files=1)


def test_the_password_of_an_upload_is_wiped_when_its_job_ends(services: Services) -> None:
    job = upload(services, "recipe.pdf", LOCKED, password="rye")
    assert job.items[0].status == "indexed"
    with services.database.read() as session:
        assert session.get_one(JobRow, job.id).password is None


def test_there_is_nothing_to_try_again_where_nothing_failed(services: Services, docs: Path) -> None:
    job_id = start(services, docs)
    wait_for(services, job_id)
    with pytest.raises(Rejected, match="No document of this job is left"):
        services.ingest().jobs.retry(job_id, person_id="local")


# --- forgetting -------------------------------------------------------------------------------------


def test_a_failed_upload_is_kept_until_its_job_is_forgotten(services: Services) -> None:
    job = upload(services, "broken.pdf", b"%PDF-1.7 broken from here on")
    assert len(list(services.files.hashes())) == 1
    services.ingest().jobs.forget(job.id)
    assert not list(services.files.hashes())
    with services.database.read() as session, pytest.raises(NotFound):
        jobs.get_job(session, job.id)


def test_a_failed_upload_is_let_go_of_when_the_same_name_comes_in_whole(services: Services) -> None:
    upload(services, "note.pdf", b"%PDF-1.7 broken from here on")
    upload(services, "note.pdf", b"# Not even a PDF\n\nBut read as text? No: its name lies.\n")
    assert upload(services, "note.pdf", build_pdf("Whole at last.")).items[0].status == "indexed"
    assert take_stock(services) == Stock(documents=1, versions=1, chunks=1, points=1, files=1)


def test_old_failures_are_let_go_of_at_the_next_start(settings: Settings) -> None:
    services = open_with_fakes(settings)
    job = upload(services, "broken.pdf", b"%PDF-1.7 broken from here on")
    with services.database.write() as session:
        session.get_one(JobRow, job.id).finished_at = utc_now() - timedelta(days=settings.ingest.keep_failed_days + 1)
    services.close()
    services = open_with_fakes(settings)
    services.ingest()
    assert not list(services.files.hashes())
    services.close()


# --- the same content twice -------------------------------------------------------------------------


def test_the_same_content_under_two_names_is_stored_once_and_cited_under_both(
    services: Services, tmp_path: Path
) -> None:
    text = "# Rye\n\nRye needs a cold winter.\n"
    (tmp_path / "a.md").write_text(text)
    (tmp_path / "b.md").write_text(text)
    first = take_in(services, tmp_path / "a.md")["a.md"]
    second = take_in(services, tmp_path / "b.md")["b.md"]
    assert (first.embedded_chunks, second.embedded_chunks) == (1, 0)
    assert {passage.document for passage in find(services, "rye winter")} == {"a.md", "b.md"}
    assert take_stock(services) == Stock(documents=2, versions=2, chunks=2, points=2, files=1, texts=1)


def test_a_title_that_is_only_the_file_name_is_each_documents_own(services: Services, tmp_path: Path) -> None:
    for name in ("winter.txt", "summer.txt"):
        (tmp_path / name).write_text("Rye needs a cold winter.")
        take_in(services, tmp_path / name)
    titles = {passage.document: passage.title for passage in find(services, "rye")}
    assert titles == {"winter.txt": "winter", "summer.txt": "summer"}
