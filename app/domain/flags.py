"""Why somebody should look at a document: what was noticed when it came in. A flag never blocks by itself."""

from dataclasses import dataclass
from enum import StrEnum


class FlagReason(StrEnum):
    """What was noticed.

    `INSTRUCTIONS`: it speaks to the assistant. `HIDDEN_TEXT`: it holds words that nobody sees who opens it.
    `NEAR_COPIES`: one person brought what it says in many documents.
    """

    INSTRUCTIONS = "instructions"
    HIDDEN_TEXT = "hidden_text"
    NEAR_COPIES = "near_copies"


class HiddenHow(StrEnum):
    """How words are kept from the eye."""

    INVISIBLE = "invisible"
    PALE = "pale"
    TINY = "tiny"
    OFF_PAGE = "off page"
    CHARACTERS = "characters"


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Where hidden words stand in a document's text; all of the page where they cannot be told from others on it."""

    how: HiddenHow
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FlagPlace:
    """Where in the document's text it was noticed. `how`: of hidden words. `others`: of near copies, the documents
    that say the same, by id.
    """

    page: int | None
    start: int
    end: int
    how: HiddenHow | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundFlag:
    """A reason with its places, in the order of the text; at least one."""

    reason: FlagReason
    places: tuple[FlagPlace, ...]
