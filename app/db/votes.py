"""Votes on two models, and what there is to vote on."""

import json
from collections.abc import Collection

from sqlmodel import Session, col, select

from app.db.acting_tables import OfferedModelRow, VoteRow
from app.db.tables import DocumentRow
from app.domain.votes import Outcome, Vote


def record(session: Session, vote: Vote, *, person_id: str) -> None:
    """Write a vote down."""
    session.add(
        VoteRow(
            at=vote.at,
            person_id=person_id,
            knowledge_base_ids=json.dumps(sorted(vote.knowledge_base_ids)),
            left=vote.left,
            right=vote.right,
            outcome=vote.outcome,
        )
    )


def list_votes(session: Session, *, within: frozenset[str] | None, on: str = "") -> list[Vote]:
    """The votes, the oldest first.

    `within`: only those on none but these knowledge bases; None lets all through. `on`: only those on this one, maybe
    among others.
    """
    votes = [_vote(row) for row in session.exec(select(VoteRow).order_by(col(VoteRow.at), col(VoteRow.id)))]
    return [vote for vote in votes if _is_wanted(vote.knowledge_base_ids, within, on)]


def list_offered(session: Session) -> list[tuple[str, str]]:
    """Id and label of every model that is offered besides the service's own, by label."""
    rows = session.exec(select(OfferedModelRow).order_by(OfferedModelRow.label))
    return [(row.id, row.label) for row in rows]


def find_bases(session: Session, document_ids: Collection[str]) -> frozenset[str]:
    """The knowledge bases that these documents are in."""
    query = select(DocumentRow.knowledge_base_id).where(col(DocumentRow.id).in_(document_ids)).distinct()
    return frozenset(session.exec(query))


def _is_wanted(ids: frozenset[str], within: frozenset[str] | None, on: str) -> bool:
    """A vote on nothing is on nobody's knowledge bases."""
    is_within = within is None or (bool(ids) and ids <= within)
    return is_within and (not on or on in ids)


def _vote(row: VoteRow) -> Vote:
    return Vote(row.at, row.left, row.right, Outcome(row.outcome), frozenset(json.loads(row.knowledge_base_ids)))
