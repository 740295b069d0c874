"""The power goes at every single write of a re-ingest: the old answers until the new does, and nothing is left over."""

import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from app.db import jobs
from app.db.tables import JobRow
from app.domain import FoundFile, IndexedChunk, JobState
from app.errors import EngineUnavailable
from app.services import Services
from ingest.document_line import DocumentLine
from tests.ingest.stock import take_stock
from tests.taking_in import find, open_base

COMMON = "# Fruit\n\nApples ripen in autumn."
OLD, NEW = "# Nuts\n\nWalnuts ripen in October.", "# Nuts\n\nHazelnuts ripen in September."


class PowerCut(BaseException):
    """Not an Exception: nothing in the product may catch it."""


class Powered:
    """An object whose named methods need power when they begin and when they end. `fuse` is shared: uses left."""

    def __init__(self, inner: Any, fuse: list[int], *methods: str) -> None:
        self._inner, self._fuse, self._methods = inner, fuse, methods

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return self._watched(method) if name in self._methods else method

    def _watched(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **keywords: Any) -> Any:
            self._use()
            result = method(*args, **keywords)
            if not isinstance(result, AbstractContextManager):  # a transaction ends elsewhere
                self._use()
            return result

        return watched

    def _use(self) -> None:
        if not self._fuse[0]:
            raise PowerCut
        self._fuse[0] -= 1


class BrokenAfterwards:
    """An index that stores what it is given and then says that it is broken."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        self._inner.upsert(chunks)
        raise EngineUnavailable("The index is broken for the sake of the test.")


@pytest.fixture
def line(services: Services) -> DocumentLine:
    return services.document_line()


def powered(line: DocumentLine, uses: int) -> DocumentLine:
    """The line with power for so many uses."""
    fuse = [uses]
    return replace(
        line,
        database=Powered(line.database, fuse, "write"),
        index=Powered(line.index, fuse, "upsert", "delete_chunks"),
        files=Powered(line.files, fuse, "add", "remove"),
        embedder=Powered(line.embedder, fuse, "embed_documents"),
    )


def queue(services: Services, text: str, kb: str) -> str:
    """The item of a job with this one document."""
    content_hash, size_bytes = services.files.add(io.BytesIO(text.encode()))
    file = FoundFile("fruit.md", "/docs/fruit.md", content_hash, size_bytes)
    base = open_base(services, kb)
    with services.database.write() as session:
        job_id = jobs.create_job(session, knowledge_base_id=base.id, requested_by="local", files=[file])
        (item,) = jobs.get_job(session, job_id).items
        session.get_one(JobRow, job_id).state = JobState.DONE  # nobody else shall take it up
    return item.id


def take_in(item_id: str, line: DocumentLine, *, uses: int, after_the_cut: Callable[[], None]) -> bool:
    """Take the item in on so much power, and again with enough if it went. Returns whether it went."""
    try:
        powered(line, uses).take_in(item_id)
    except PowerCut:
        after_the_cut()
        line.take_in(item_id)
        return True
    return False


def texts(services: Services, kb: str) -> set[str]:
    return {passage.text for passage in find(services, "nuts and fruit ripen", kb=kb)}


def test_after_a_power_cut_anywhere_the_old_answers_and_then_the_new_alone(
    services: Services, line: DocumentLine
) -> None:
    for uses in count():
        kb = f"cut after {uses}"
        line.take_in(queue(services, f"{COMMON}\n\n{OLD}\n", kb))

        def one_version_answers(kb: str = kb) -> None:
            assert texts(services, kb) in ({COMMON, OLD}, {COMMON, NEW})

        update = queue(services, f"{COMMON}\n\n{NEW}\n", kb)
        was_cut = take_in(update, line, uses=uses, after_the_cut=one_version_answers)
        assert texts(services, kb) == {COMMON, NEW}
        assert take_stock(services).documents == uses + 1
        if not was_cut:
            break
    assert uses > 5, "the power was cut at no more than a few places"


def test_after_a_power_cut_in_a_failing_update_the_old_still_answers_and_nothing_of_the_new_is_left(
    services: Services, line: DocumentLine
) -> None:
    broken = replace(line, index=BrokenAfterwards(line.index))
    for uses in count():
        kb = f"cut after {uses}"
        line.take_in(queue(services, f"{COMMON}\n\n{OLD}\n", kb))

        def the_old_answers(kb: str = kb) -> None:
            assert texts(services, kb) == {COMMON, OLD}

        update = queue(services, f"{COMMON}\n\n{NEW}\n", kb)
        was_cut = take_in(update, broken, uses=uses, after_the_cut=the_old_answers)
        the_old_answers()
        assert take_stock(services).documents == uses + 1
        if not was_cut:
            break
    assert uses > 5, "the power was cut at no more than a few places"
