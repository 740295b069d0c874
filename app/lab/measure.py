"""How well a generation finds what the owner's questions ask for, and whether another one does better."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.access import Access
from app.answer.search.retrieve import Retriever
from app.db import parsed_texts, questions
from app.db.session import Database
from app.domain import AskedQuestion, IndexGeneration
from app.errors import Rejected
from app.lab.ask import PlacedQuestion
from app.lab.metrics import Interval, Scores, Span, Verdict, compare, mean_interval, score

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


@dataclass(frozen=True, slots=True)
class Compared:
    """Whether one generation finds more of the evidence than another, over the same questions."""

    verdict: Verdict
    difference: Interval
    questions: int


@dataclass(frozen=True, slots=True)
class _Asked:
    scores: tuple[Scores, ...]
    lost: tuple[str, ...]


def measure(knowledge_base_id: str, *, k: int, access: Access, retriever: Retriever, database: Database) -> Measured:
    """Ask every question, and hold the first `k` passages against its evidence. Sync: call it in a thread.

    Raises Rejected where there are too few questions; EngineUnavailable, ModelMismatch.
    """
    asked = _ask_all(knowledge_base_id, k=k, access=access, retriever=retriever, database=database)
    return Measured(
        questions=len(asked.scores),
        k=k,
        recall=mean_interval([each.recall for each in asked.scores]),
        precision=mean_interval([each.precision for each in asked.scores]),
        iou=mean_interval([each.iou for each in asked.scores]),
        reciprocal_rank=mean_interval([each.reciprocal_rank for each in asked.scores]),
        lost=asked.lost,
    )


def compare_generations(
    knowledge_base_id: str, *, k: int, access: Access, baseline: Access, retriever: Retriever, database: Database
) -> Compared:
    """Ask every question of both, and compare the recall question by question. Raises as `measure`."""
    mine, other = (
        _ask_all(knowledge_base_id, k=k, access=each, retriever=retriever, database=database)
        for each in (access, baseline)
    )
    verdict, difference = compare([each.recall for each in mine.scores], [each.recall for each in other.scores])
    return Compared(verdict, difference, len(mine.scores))


def access_to(access: Access, generation: IndexGeneration) -> Access:
    """The same rights, with this generation in the place of the one that answers for its knowledge base."""
    return replace(
        access,
        readable={
            name: replace(base, generation_id=generation.id) if base.id == generation.knowledge_base_id else base
            for name, base in access.readable.items()
        },
    )


def _ask_all(knowledge_base_id: str, *, k: int, access: Access, retriever: Retriever, database: Database) -> _Asked:
    with database.read() as session:
        asked = [each for each in questions.list_of(session, knowledge_base_id) if each.is_approved]
        placed = place_all(asked, lambda document_id: parsed_texts.find_text(session, document_id))
    lost = tuple(each.text for each, place in zip(asked, placed, strict=True) if place is None)
    pairs = [each for each in placed if each is not None]
    if len(pairs) < FEWEST:
        raise Rejected(f"Measuring takes at least {FEWEST} questions with known evidence; there are {len(pairs)}.")
    return _Asked(tuple(_ask(each, k=k, access=access, retriever=retriever) for each in pairs), lost)


def place_all(asked: Sequence[AskedQuestion], find_text: Callable[[str], str | None]) -> list[PlacedQuestion | None]:
    """Each question with the place of its evidence; None where that stands in its document no more.

    `find_text`: the text of a document by its id, asked once for each.
    """
    found: list[PlacedQuestion | None] = [None] * len(asked)
    by_document: dict[str, list[int]] = {}
    for number, each in enumerate(asked):
        by_document.setdefault(each.document_id, []).append(number)
    for document_id, numbers in by_document.items():
        text = find_text(document_id)
        for number in numbers:
            if evidence := find_evidence(asked[number], text):
                found[number] = PlacedQuestion(asked[number].text, evidence)
    return found


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


def _ask(question: PlacedQuestion, *, k: int, access: Access, retriever: Retriever) -> Scores:
    found = retriever.retrieve(question.text, access=access, k=k)
    return score([question.evidence], [Span(each.document_id, each.start, each.end) for each in found])
