"""What becomes of questions, for admins: figures of all, and the words of those that went badly (decision 24).

A service's admin sees all answers; a knowledge base's admin those that searched none but their own knowledge bases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from app.access import Caller, ReadableKnowledgeBase
from app.db import answers, asked, generations, statistics
from app.db.answers import AnswerFilter
from app.db.columns import utc_now
from app.domain import GivenAnswer, IndexGeneration, MemberRole
from app.domain.figures import DayCount, Figures, count_days, summarise
from app.errors import EngineUnavailable, Forbidden
from app.lab.preview import estimate_disk
from app.operations.question_groups import Group, group_alike
from app.ports import Embedder, Vectors
from app.services import Services

SLOWEST: Final = 10
LARGEST: Final = 10
MOST_JUDGED: Final = 50
MOST_GROUPED: Final = 500
# Characters of a token, about.
_TOKEN_CHARS: Final = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody may look at: answers, and the knowledge bases that they manage."""

    wanted: AnswerFilter
    bases: tuple[ReadableKnowledgeBase, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """How the answers of a period went. `slowest` are the ten that took longest.

    `suspicious`: passages found that read like instructions to the assistant, in how many answers (`warned`).
    """

    figures: Figures
    days: list[DayCount]
    slowest: list[GivenAnswer]
    thumbs_up: int
    thumbs_down: int
    suspicious: int
    warned: int


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer with a thumb down: when it was given, what was asked, and what its reader was shown."""

    at: datetime
    question: asked.ChatQuestion
    comment: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that the documents did not answer, in which knowledge bases."""

    at: datetime
    text: str
    knowledge_base_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnansweredGroups:
    """`is_by_meaning`: false where the embedding model was not there; then only equal questions are together."""

    groups: list[Group[Unanswered]]
    is_by_meaning: bool


@dataclass(frozen=True, slots=True)
class KeptGeneration:
    """A generation that does not answer. `disk_bytes` is an estimate; None before the embedding model is loaded."""

    generation: IndexGeneration
    disk_bytes: int | None


@dataclass(frozen=True, slots=True)
class BaseStorage:
    """What a knowledge base holds, and what of it does not answer."""

    id: str
    name: str
    counts: statistics.Counts
    kept: list[KeptGeneration]


def open_scope(caller: Caller, *, days: int, knowledge_base_id: str = "") -> Scope:
    """What the caller may look at. `knowledge_base_id`: only answers that searched this one.

    Raises NotFound, Forbidden.
    """
    bases = caller.access.with_role(MemberRole.ADMIN)
    if not bases and not caller.is_admin:
        raise Forbidden("This is for those who administer a knowledge base.")
    if knowledge_base_id:
        caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    since = (utc_now() - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    within = None if caller.is_admin else frozenset(base.id for base in bases)
    return Scope(AnswerFilter(since, within, knowledge_base_id), tuple(bases))


def measure(scope: Scope, services: Services) -> Answers:
    """The figures of a period, which ends now."""
    with services.database.read() as session:
        given = answers.list_given(session, scope.wanted)
        thumbs = asked.list_thumbs(session, scope.wanted.since)
    judged = [thumbs[each.step_id].is_up for each in given if each.step_id in thumbs]
    return Answers(
        figures=summarise(given),
        days=count_days(given, first=scope.wanted.since.date(), last=utc_now().date()),
        slowest=sorted(given, key=lambda each: -each.total_ms)[:SLOWEST],
        thumbs_up=sum(judged),
        thumbs_down=len(judged) - sum(judged),
        suspicious=sum(each.suspicious for each in given),
        warned=sum(each.suspicious > 0 for each in given),
    )


def list_thumbs_down(scope: Scope, services: Services) -> list[Judged]:
    """The newest answers that helped nobody, with what they showed; nobody is named.

    Only those whose documents all are in knowledge bases that the viewer manages, and whose chat is still there.
    """
    if not services.settings.insight.shows_questions:
        return []
    managed = [base.id for base in scope.bases]
    with services.database.read() as session:
        thumbs = asked.list_thumbs(session, scope.wanted.since)
        if all(thumb.is_up for thumb in thumbs.values()):
            return []
        down = {
            each.step_id: each.at
            for each in answers.list_given(session, scope.wanted)
            if each.step_id in thumbs and not thumbs[each.step_id].is_up
        }
        found = asked.find_questions(session, list(down)[:MOST_JUDGED])
        mine = [each for each in found if asked.are_all_within(session, each.quoted_ids, managed)]
    return [Judged(down[each.step_id], each, thumbs[each.step_id].comment) for each in mine]


def group_unanswered(scope: Scope, services: Services) -> UnansweredGroups:
    """The newest questions of chats that the documents did not answer, those that ask for the same together."""
    if not services.settings.insight.shows_questions:
        return UnansweredGroups([], is_by_meaning=True)
    with services.database.read() as session:
        given = {
            each.step_id: each
            for each in answers.list_given(session, scope.wanted, only_abstained=True)
            if each.step_id
        }
        newest = list(given)[:MOST_GROUPED]
        found = [
            Unanswered(given[each.step_id].at, " ".join(each.text.split()), given[each.step_id].knowledge_base_ids)
            for each in asked.find_questions(session, newest)
        ]
    vectors = _embed([each.text for each in found], services.embedder.peek())
    if vectors is None:
        return UnansweredGroups(_group_equal(found), is_by_meaning=False)
    return UnansweredGroups(group_alike(found, vectors), is_by_meaning=True)


def measure_bases(some: Sequence[ReadableKnowledgeBase], scope: Scope, services: Services) -> list[BaseStorage]:
    """What some of the knowledge bases that the viewer manages hold, in their order."""
    ids = [base.id for base in some if base in scope.bases]
    embedder = services.embedder.peek()
    dim = embedder.dim if embedder else None
    with services.database.read() as session:
        counts, idle = statistics.count_documents(session, ids), generations.list_idle(session, ids)
    kept: dict[str, list[KeptGeneration]] = {id: [] for id in ids}
    for each in idle:
        kept[each.knowledge_base_id].append(KeptGeneration(each, _estimate(each, dim) if dim else None))
    return [BaseStorage(base.id, base.name, counts[base.id], kept[base.id]) for base in some if base.id in kept]


def list_largest(scope: Scope, services: Services) -> list[statistics.SizedDocument]:
    """The largest documents of the knowledge bases that the viewer manages."""
    with services.database.read() as session:
        return statistics.list_largest(session, [base.id for base in scope.bases], limit=LARGEST)


def _embed(texts: Sequence[str], embedder: Embedder | None) -> Vectors | None:
    """A row for each text, of zeros for one that the model's window does not take; None without the model."""
    if embedder is None:
        return None
    fits = [n for n, tokens in enumerate(embedder.count_tokens(texts)) if tokens <= embedder.max_tokens]
    vectors = np.zeros((len(texts), embedder.dim), dtype=np.float32)
    try:
        vectors[fits] = embedder.embed_documents([texts[n] for n in fits])
    except EngineUnavailable:  # the page is worth showing without
        return None
    return vectors


def _group_equal(found: Sequence[Unanswered]) -> list[Group[Unanswered]]:
    by_words: dict[str, list[Unanswered]] = {}
    for each in found:
        by_words.setdefault(each.text.lower(), []).append(each)
    return [Group(tuple(equal)) for equal in sorted(by_words.values(), key=len, reverse=True)]


def _estimate(generation: IndexGeneration, dim: int) -> int:
    text_bytes = generation.chunks * generation.profile.chunk_size * _TOKEN_CHARS
    return estimate_disk(generation.chunks, text_bytes, dim)
