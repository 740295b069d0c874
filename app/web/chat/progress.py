"""A job as the Markdown that the chat page shows: how far it is, and what became of its documents. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.domain import ItemStatus, Job, JobItem, JobState, jobs
from app.pace import Pace, measure_pace
from app.web.chat.markup import plain
from app.web.chat.words import Words

# So many documents are listed one by one while they are taken in, and so many failures at the end.
FEW: Final = 10
MOST_FAILURES: Final = 50
_NOT_TAKEN_IN = (ItemStatus.FAILED, ItemStatus.CANCELLED)


def render_progress(job: Job, now: datetime, words: Words) -> str:
    """A job at work: percent, counts, rate and time left; each document where they are few.

    A heading of the fifth rank is what the style sheet knows the line with the percentage by.
    """
    documents = count(job.total, words.adding.documents_one, words.adding.documents_many, words)
    heading = words.adding.heading.format(documents=documents, percent=int(100 * job.progress))
    lines = [f"##### {heading}", "", " · ".join(_facts(job, measure_pace(job, now), words)), ""]
    if job.total <= FEW:
        lines += [f"- {plain(item.source)} — {_standing(item, words)}" for item in job.items]
    return "\n".join(lines).rstrip()


def render_outcome(job: Job, words: Words) -> str:
    """A job that is over, in one sentence, and each failure with its own."""
    unchanged, cancelled = _with_status(job, ItemStatus.UNCHANGED), _with_status(job, ItemStatus.CANCELLED)
    sentences = [_sum_up(job, words)]
    if unchanged:
        sentences.append(count(len(unchanged), words.adding.unchanged_one, words.adding.unchanged_many, words))
    if job.state is JobState.CANCELLED:
        documents = count(len(cancelled), words.adding.documents_one, words.adding.documents_many, words)
        sentences.append(words.adding.stopped.format(documents=documents))
    paragraphs = [" ".join(sentence for sentence in sentences if sentence)]
    if job.error:
        paragraphs.append(plain(job.error))
    failed = _with_status(job, ItemStatus.FAILED)
    if failed:
        rows = [f"- {_failure(item, words)}" for item in failed]
        more = [f"- {words.notation.and_more.format(n=len(rows) - MOST_FAILURES)}"] if len(rows) > MOST_FAILURES else []
        heading = count(len(failed), words.adding.failures_one, words.adding.failures_many, words)
        paragraphs.append("\n".join([heading, "", *rows[:MOST_FAILURES], *more]))
    return "\n\n".join(filter(None, paragraphs)) or words.adding.nothing_indexed


def can_retry(job: Job) -> bool:
    """Whether a document that was not taken in is still kept for another try."""
    return any(item.status in _NOT_TAKEN_IN and item.content_hash for item in job.items)


def wants_password(job: Job) -> bool:
    """Whether a password would open one of the documents that can be tried again."""
    sentences = [item.error or "" for item in job.items if item.status is ItemStatus.FAILED and item.content_hash]
    return any(jobs.wants_password(sentence) for sentence in sentences)


def count(n: int, one: str, many: str, words: Words) -> str:
    """So many of something, in words."""
    return one if n == 1 else many.format(n=number(n, words))


def number(value: float, words: Words) -> str:
    """A number as the reader writes it; below ten, and not whole, with one decimal."""
    text = f"{value:,.1f}" if value < 10 and round(value, 1) != int(value) else f"{value:,.0f}"
    return text.translate({ord(","): words.notation.thousands, ord("."): words.notation.decimal})


def duration(seconds: float, words: Words) -> str:
    """A time in at most two units."""
    if seconds < 60:
        return f"{number(seconds, words)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _facts(job: Job, pace: Pace, words: Words) -> list[str]:
    """The line below the percentage, without what nobody can tell yet."""
    if job.is_cancelled:
        return [words.adding.cancelling]
    facts = [words.adding.done_of_total.format(done=number(job.done, words), total=number(job.total, words))]
    if job.pages:
        facts.append(count(job.pages, words.adding.pages_one, words.adding.pages_many, words))
    if job.chunks:
        chunks = count(job.chunks, words.adding.chunks_one, words.adding.chunks_many, words)
        facts.append(words.adding.per_second.format(chunks=chunks, rate=number(pace.chunks_per_s, words)))
    if pace.seconds_left:
        facts.append(words.adding.time_left.format(time=duration(max(round(pace.seconds_left), 1), words)))
    return facts


def _standing(item: JobItem, words: Words) -> str:
    said = words.adding
    match item.status:
        case ItemStatus.QUEUED:
            return said.waiting
        case ItemStatus.RUNNING:
            stage = {"reading": said.reading, "embedding": said.embedding}.get(item.stage, said.working)
            percent = int(100 * item.progress)
            return f"{stage}, {percent} %" if percent else stage
        case ItemStatus.INDEXED:
            return ", ".join(_sizes(item.pages, item.chunks, words))
        case ItemStatus.UNCHANGED:
            return said.unchanged
        case ItemStatus.FAILED:
            return said.item_failed
        case ItemStatus.CANCELLED:
            return said.not_added


def _failure(item: JobItem, words: Words) -> str:
    """The document's name and its sentence, which often begins with the name."""
    name, error = f"**{plain(item.source)}**", item.error or words.adding.item_failed
    if error.startswith(f"{item.source} "):
        return f"{name} {plain(error.removeprefix(item.source))}"
    return f"{name} — {plain(error)}"


def _sum_up(job: Job, words: Words) -> str:
    indexed = _with_status(job, ItemStatus.INDEXED)
    if not indexed:
        return ""
    documents = count(len(indexed), words.adding.documents_one, words.adding.documents_many, words)
    pages, chunks = sum(item.pages for item in indexed), sum(item.chunks for item in indexed)
    # A job that is over has its end; the time of asking plays no part.
    seconds = measure_pace(job, job.finished_at or job.created_at).seconds
    counts = ", ".join([documents, *_sizes(pages, chunks, words)])
    return words.adding.indexed.format(counts=counts, time=duration(seconds, words))


def _sizes(pages: int, chunks: int, words: Words) -> list[str]:
    of_pages = [count(pages, words.adding.pages_one, words.adding.pages_many, words)] if pages else []
    return [*of_pages, count(chunks, words.adding.chunks_one, words.adding.chunks_many, words)]


def _with_status(job: Job, status: ItemStatus) -> Sequence[JobItem]:
    return [item for item in job.items if item.status is status]
