"""How well the generation that answers finds what the owner's questions ask for."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.access import Access
from app.answer.search.retrieve import Retriever
from app.db import questions, versions
from app.db.session import Database
from app.domain import AskedQuestion
from app.errors import Rejected
from app.lab.metrics import Interval, Scores, Span, mean_interval, score

# Too few to say anything: the interval would be as wide as the scale.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """Means over the questions, each with its interval.

    `lost`: questions whose quote stands in its document no more; they were not asked.
    """

    questions: int
    k: int
    recall: Interval
    precision: Interval
    iou: Interval
    reciprocal_rank: Interval
    lost: tuple[str, ...]


def measure(knowledge_base_id: str, *, k: int, access: Access, retriever: Retriever, database: Database) -> Measured:
    """Ask every question, and hold the first `k` passages against its evidence. Sync: call it in a thread.

    Raises Rejected where there are too few questions; EngineUnavailable, ModelMismatch.
    """
    with database.read() as session:
        asked = questions.list_of(session, knowledge_base_id)
        evidence = [find_evidence(each, versions.find_text(session, each.document_id)) for each in asked]
    lost = tuple(each.text for each, span in zip(asked, evidence, strict=True) if span is None)
    pairs = [(each, span) for each, span in zip(asked, evidence, strict=True) if span is not None]
    if len(pairs) < FEWEST:
        raise Rejected(f"Measuring takes at least {FEWEST} questions with known evidence; there are {len(pairs)}.")
    scores = [_ask(each, span, k=k, access=access, retriever=retriever) for each, span in pairs]
    return Measured(
        questions=len(scores),
        k=k,
        recall=mean_interval([each.recall for each in scores]),
        precision=mean_interval([each.precision for each in scores]),
        iou=mean_interval([each.iou for each in scores]),
        reciprocal_rank=mean_interval([each.reciprocal_rank for each in scores]),
        lost=lost,
    )


def find_evidence(question: AskedQuestion, text: str | None) -> Span | None:
    """Where the quoted words stand in the document, whatever blanks and line ends lie between them."""
    if text is None:
        return None
    found = find_words(question.quote, text)
    return Span(question.document_id, *found) if found else None


def find_words(quote: str, text: str) -> tuple[int, int] | None:
    """The first span of a text that holds these words in a row; None without any."""
    words = quote.split()
    start = text.find(words[0]) if words else -1
    while start >= 0:
        if (end := _match(words, text, start)) is not None:
            return start, end
        start = text.find(words[0], start + 1)
    return None


def _match(words: Sequence[str], text: str, start: int) -> int | None:
    """The end of these words if they follow each other from here, with nothing but blanks between."""
    at = start
    for word in words:
        while at > start and at < len(text) and text[at].isspace():
            at += 1
        if not text.startswith(word, at):
            return None
        at += len(word)
    return at


def _ask(question: AskedQuestion, evidence: Span, *, k: int, access: Access, retriever: Retriever) -> Scores:
    found = retriever.retrieve(question.text, access=access, k=k)
    return score([evidence], [Span(each.document_id, each.start, each.end) for each in found])
