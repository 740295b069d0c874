"""Review: documents that somebody should look at, where and why, and saying that they are in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.access import Caller
from app.db import flags, parsed_texts
from app.db.flags import ShownFlag
from app.domain import Deed, FlagPlace, FlagReason, MemberRole
from app.operations.contents import name_people
from app.operations.note import note
from app.operations.opened import PART
from app.services import Services

MOST_PLACES: Final = 5
LONGEST_QUOTE: Final = 300


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A place of a flag with its words, cut where they are long. `part`: of the document's text, as its page counts."""

    place: FlagPlace
    words: str
    part: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A flag with the first of its places. `dismissed_by`: a name, "" where nobody has or who did has left."""

    flag: ShownFlag
    places: Sequence[ShownPlace]
    dismissed_by: str


@dataclass(frozen=True, slots=True)
class Review:
    """One page of a knowledge base's flags, how many there are on all pages, and how many of the other kind."""

    rows: Sequence[Reviewed]
    total: int
    others: int


def list_flags(
    knowledge_base_id: str, caller: Caller, services: Services, *, are_open: bool, limit: int, offset: int
) -> Review:
    """The flags that are open, or those that were dismissed, for editors. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.EDITOR)
    with services.database.read() as session:
        found = flags.list_shown(session, knowledge_base_id, are_open=are_open, limit=limit, offset=offset)
        total = flags.count_shown(session, knowledge_base_id, are_open=are_open)
        others = flags.count_shown(session, knowledge_base_id, are_open=not are_open)
        places = [[_show(session, flag, place) for place in flag.places[:MOST_PLACES]] for flag in found]
    names = name_people((flag.dismissed_by for flag in found if flag.dismissed_by), services)
    rows = [
        Reviewed(flag, shown, names.get(flag.dismissed_by or "", "")) for flag, shown in zip(found, places, strict=True)
    ]
    return Review(rows, total, others)


def count_open(caller: Caller, services: Services) -> dict[str, int]:
    """How many flags nobody has dismissed, by knowledge base that the caller edits; none are left out."""
    edited = [base.id for base in caller.access.with_role(MemberRole.EDITOR)]
    with services.database.read() as session:
        return flags.count_open(session, edited)


def dismiss(knowledge_base_id: str, version_id: str, reason: FlagReason, caller: Caller, services: Services) -> str:
    """Say that a document was looked at and is in order; it stays so for this content. Returns the document's name.

    Raises NotFound, Forbidden.
    """
    base = caller.access.require(knowledge_base_id, MemberRole.EDITOR)
    with services.database.write() as session:
        flag = flags.get(session, version_id, reason, knowledge_base_id=knowledge_base_id)
        is_news = flags.dismiss(session, version_id, reason, person_id=caller.id)
    if is_news:
        note(
            services,
            caller,
            Deed.FLAG_DISMISS,
            base=base,
            subject_id=flag.document_id,
            subject=flag.document,
            detail=reason,
        )
    return flag.document


def _show(session: Any, flag: ShownFlag, place: FlagPlace) -> ShownPlace:
    end = min(place.end, place.start + LONGEST_QUOTE)
    words = parsed_texts.read_span(session, flag.text_id, place.start, end)
    return ShownPlace(place, words, place.page or place.start // PART + 1)
