"""What is behind a library's exception: a refusal of our own must reach people in its own words."""

from collections.abc import Iterator

from app.errors import EgressRefused


def find_refusal(exc: BaseException) -> EgressRefused | None:
    """The refusal that a library's exception was made of; None where it is about something else."""
    return next((each for each in _behind(exc) if isinstance(each, EgressRefused)), None)


def raise_if_refused(exc: BaseException) -> None:
    """Raises that refusal, if there is one, by itself: what the library says may repeat the request."""
    if refusal := find_refusal(exc):
        raise refusal from None


def _behind(exc: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it. None is told twice: a chain may be a ring."""
    waiting, seen = [exc], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
        waiting.extend(cause for cause in (each.__context__, each.__cause__) if cause is not None)
