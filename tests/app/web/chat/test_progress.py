"""How a job is told in the chat."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.domain import ItemStatus, JobState
from app.errors import UnreadableDocument
from app.web.chat.progress import can_retry, duration, number, render_outcome, render_progress, wants_password
from app.web.chat.words import ENGLISH, GERMAN, Words
from ingest.parse.pdf_open import open_pdf
from tests.app.web.chat.jobs import BEGAN, item, job
from tests.pdf_files import build_pdf

TEN_S_LATER = BEGAN + timedelta(seconds=10)


def test_a_job_at_work_says_percent_counts_rate_and_time_left() -> None:
    at_work = job(
        item("a.pdf", pages=12, chunks=40),
        item("b.md", ItemStatus.RUNNING, stage="embedding", progress=0.3, chunks=10),
        item("c.md", ItemStatus.QUEUED),
        progress=0.25,
        state=JobState.RUNNING,
        finished_at=None,
    )
    assert render_progress(at_work, TEN_S_LATER, ENGLISH).split("\n") == [
        "##### Adding 3 documents: 25 %",
        "",
        "1 of 3 done · 12 pages · 50 chunks, 5 per second · about 30 s left",
        "",
        "- a.pdf — 12 pages, 40 chunks",
        "- b.md — indexing, 30 %",
        "- c.md — waiting",
    ]


def test_many_documents_are_not_listed_one_by_one() -> None:
    items = [item(f"{n}.md", ItemStatus.QUEUED) for n in range(11)]
    many = job(*items, progress=0.0, state=JobState.RUNNING, finished_at=None)
    assert render_progress(many, TEN_S_LATER, ENGLISH) == "##### Adding 11 documents: 0 %\n\n0 of 11 done"


def test_a_job_that_is_done_is_told_in_one_sentence() -> None:
    done = job(item("a.pdf", pages=41, chunks=200), item("b.md", chunks=8), item("c.md", chunks=4))
    assert render_outcome(done, ENGLISH) == "3 documents, 41 pages, 212 chunks indexed in 12 s."
    assert render_outcome(done, GERMAN) == "3 Dokumente, 41 Seiten, 212 Abschnitte in 12 s indexiert."


def test_what_was_in_already_is_no_news() -> None:
    assert render_outcome(job(item("a.md", ItemStatus.UNCHANGED)), ENGLISH) == ENGLISH.adding.unchanged_one


def test_each_failure_comes_with_its_sentence() -> None:
    mixed = job(
        item("a.md", chunks=1),
        item("b_1.pdf", ItemStatus.FAILED, error="b_1.pdf is protected and a password is needed."),
        item("c.md", ItemStatus.FAILED, error="The file is empty."),
    )
    assert render_outcome(mixed, ENGLISH).split("\n\n") == [
        "1 document, 1 chunk indexed in 12 s.",
        "2 documents could not be added:",
        "- **b\\_1.pdf** is protected and a password is needed.\n- **c.md** — The file is empty.",
    ]


def test_a_cancelled_job_says_what_stays() -> None:
    stopped = job(item("a.md", chunks=1), item("b.md", ItemStatus.CANCELLED), state=JobState.CANCELLED)
    assert render_outcome(stopped, ENGLISH).endswith("Stopped: 1 document not added. What was indexed stays.")


def test_a_job_that_was_stopped_by_an_error_says_so() -> None:
    assert render_outcome(job(state=JobState.FAILED, error="The disk is full."), ENGLISH) == "The disk is full."


def test_only_what_is_still_kept_can_be_tried_again() -> None:
    assert can_retry(job(item("a.md", ItemStatus.FAILED)))
    assert not can_retry(job(item("a.md", ItemStatus.FAILED, content_hash="")))
    assert not can_retry(job(item("a.md")))


@pytest.mark.parametrize("passwords", [(), ("a wrong one",)])
def test_a_protected_pdf_asks_for_its_password(tmp_path: Path, passwords: tuple[str, ...]) -> None:
    (tmp_path / "a.pdf").write_bytes(build_pdf("Hello", password="the right one"))
    with pytest.raises(UnreadableDocument) as refused, open_pdf(tmp_path / "a.pdf", "a.pdf", passwords):
        pass
    assert wants_password(job(item("a.pdf", ItemStatus.FAILED, error=str(refused.value))))


def test_what_a_password_cannot_open_does_not_ask_for_one() -> None:
    error = "list.xlsx is protected by a password; save it without one and add it again."
    assert not wants_password(job(item("list.xlsx", ItemStatus.FAILED, error=error)))


@pytest.mark.parametrize(
    ("value", "words", "text"),
    [(1234, ENGLISH, "1,234"), (1234567, GERMAN, "1.234.567"), (2.94, GERMAN, "2,9"), (3.0, ENGLISH, "3")],
)
def test_numbers_are_written_as_the_reader_does(value: float, words: Words, text: str) -> None:
    assert number(value, words) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.84, "0.8 s"), (59, "59 s"), (80, "1 min 20 s"), (7500, "2 h 5 min")])
def test_times_have_at_most_two_units(seconds: float, text: str) -> None:
    assert duration(seconds, ENGLISH) == text
