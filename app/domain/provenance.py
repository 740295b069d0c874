"""Who put a document's content in, and when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AddedHow(StrEnum):
    """On what way content came in, as far as that is known.

    `LEFT`: by somebody whose account is gone. `SITE`: read from a site that is kept here.
    """

    PERSON = "person"
    MACHINE = "machine"
    LEFT = "left"
    SITE = "site"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Added:
    """`by`: a person's name as it is now, or a site's host; "" for all others. `at`: when this content came in."""

    at: datetime
    how: AddedHow
    by: str = ""
