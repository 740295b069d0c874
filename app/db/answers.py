"""Answers that were given: how each went, never what was asked or answered."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from app.db.people_tables import AnswerRow
from app.domain import AnswerFace, GivenAnswer


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Which answers are asked for: those since then.

    `within`: only those that searched none but these knowledge bases; None lets all through. `searched`: only those
    that searched this one, maybe among others.
    """

    since: datetime
    within: frozenset[str] | None
    searched: str = ""


def record(session: Session, given: GivenAnswer, *, person_id: str) -> None:
    """Write an answer down."""
    session.add(
        AnswerRow(
            at=given.at,
            person_id=person_id,
            face=given.face,
            knowledge_base_ids=_pack(given.knowledge_base_ids),
            step_id=given.step_id,
            is_abstained=given.is_abstained,
            is_computed=given.is_computed,
            citations=given.citations,
            retrieve_ms=given.retrieve_ms,
            first_token_ms=given.first_token_ms,
            total_ms=given.total_ms,
            model=given.model,
            calls=given.calls,
            suspicious=given.suspicious,
        )
    )


def forget_before(session: Session, moment: datetime) -> int:
    """Remove older ones; returns how many."""
    return int(session.execute(delete(AnswerRow).where(col(AnswerRow.at) < moment)).rowcount)  # type: ignore[attr-defined]


def list_given(session: Session, wanted: AnswerFilter, *, only_abstained: bool = False) -> list[GivenAnswer]:
    """The answers, or those that found nothing, the newest first."""
    query = select(*_COLUMNS).where(col(AnswerRow.at) >= wanted.since)  # type: ignore[call-overload]
    if only_abstained:
        query = query.where(col(AnswerRow.is_abstained))
    if wanted.within is not None or wanted.searched:
        # Few different sets of knowledge bases are ever searched: the database need not know how to read JSON.
        query = query.where(col(AnswerRow.knowledge_base_ids).in_(_wanted_sets(session, wanted)))
    return [_given(row) for row in session.execute(query.order_by(col(AnswerRow.at).desc()))]


def _wanted_sets(session: Session, wanted: AnswerFilter) -> list[str]:
    known = session.exec(select(AnswerRow.knowledge_base_ids).distinct())
    return [packed for packed in known if _is_wanted(set(json.loads(packed)), wanted)]


def _is_wanted(ids: set[str], wanted: AnswerFilter) -> bool:
    """An answer that searched nothing is in nobody's knowledge bases."""
    is_within = wanted.within is None or (bool(ids) and ids <= wanted.within)
    return is_within and (not wanted.searched or wanted.searched in ids)


def _pack(ids: Collection[str]) -> str:
    return json.dumps(sorted(ids))


# As columns: of a quarter's answers, objects would take seconds.
_COLUMNS = (
    AnswerRow.at,
    AnswerRow.face,
    AnswerRow.knowledge_base_ids,
    AnswerRow.step_id,
    AnswerRow.is_abstained,
    AnswerRow.is_computed,
    AnswerRow.citations,
    AnswerRow.retrieve_ms,
    AnswerRow.first_token_ms,
    AnswerRow.total_ms,
    AnswerRow.model,
    AnswerRow.calls,
    AnswerRow.suspicious,
)


def _given(row: Any) -> GivenAnswer:
    at, face, ids, *rest = row
    return GivenAnswer(at, AnswerFace(face), frozenset(json.loads(ids)), *rest)
