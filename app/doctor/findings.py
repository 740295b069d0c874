"""What a check came to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from app.errors import CloisterError


class Status(StrEnum):
    """`note`: works, but better with the advice taken."""

    OK = "ok"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, how it stands, and what to do (empty when nothing)."""

    check: str
    status: Status
    detail: str
    advice: str = ""


def guarded(check: str, find: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of a check. One that cannot be made is a finding too: the others are made all the same."""
    try:
        yield from find()
    except CloisterError as exc:
        yield Finding(check, Status.BROKEN, str(exc))
    except SQLAlchemyError as exc:
        advice = "Check that the database runs, and that database.url is right."
        yield Finding(check, Status.BROKEN, f"the database does not answer ({type(exc).__name__})", advice)
    except OSError as exc:
        yield Finding(check, Status.BROKEN, f"cannot be looked at ({exc.strerror or type(exc).__name__})")
