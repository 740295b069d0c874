"""Ids of what is at hand: the request, the job, the document. Log lines carry them, those of threads as well."""

import functools
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Concatenate, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

REQUEST: Final = "request_id"
JOB: Final = "job_id"
ITEM: Final = "item_id"
WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LABELS: ContextVar[Mapping[str, str]] = ContextVar("cloister_labels", default=MappingProxyType({}))


def labels() -> Mapping[str, str]:
    """The ids of what is at hand here, by name."""
    return _LABELS.get()


@contextmanager
def labelled(**ids: str) -> Iterator[None]:
    """Add ids until the end of the `with`; what is started in it has them, too."""
    token = _LABELS.set(MappingProxyType({**_LABELS.get(), **ids}))
    try:
        yield
    finally:
        _LABELS.reset(token)


def of_job(work: Callable[Concatenate[S, str, P], R]) -> Callable[Concatenate[S, str, P], R]:
    """A method whose first argument is a job's id, under that label."""

    @functools.wraps(work)
    def labelled_work(self: S, job_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
        with labelled(**{JOB: job_id}):
            return work(self, job_id, *args, **kwargs)

    return labelled_work  # type: ignore[return-value]  # the name `self`, which nobody passes by name


def make_request_id(given: str = "") -> str:
    """The id that was given where it is well-formed (8 to 64 letters, digits, dots, dashes), else a new one."""
    return given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
