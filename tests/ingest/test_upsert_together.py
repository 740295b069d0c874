"""Writes to the index that are handed in while one is under way become one write."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.domain import IndexedChunk, SparseVector
from app.errors import EngineUnavailable
from ingest.upsert_together import UpsertTogether

PATIENCE_S = 10


def chunk(id: str) -> IndexedChunk:
    return IndexedChunk(id, "generation", "document", [1.0], SparseVector((), ()))


class SlowIndex:
    """Lists each write; the first one waits for `go`, and one that holds the chunk "bad" fails."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.is_writing, self.go = threading.Event(), threading.Event()

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        self.writes.append([each.chunk_id for each in chunks])
        self.is_writing.set()
        assert self.go.wait(PATIENCE_S)
        if any(each.chunk_id == "bad" for each in chunks):
            raise EngineUnavailable("The index is broken.")


def test_what_comes_during_a_write_is_the_next_one() -> None:
    index, together = SlowIndex(), UpsertTogether()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(together.upsert, [chunk("a")], index=index)
        assert index.is_writing.wait(PATIENCE_S)
        others = [pool.submit(together.upsert, [chunk(id)], index=index) for id in "bcd"]
        while len(together._waiting) < 3:
            threading.Event().wait(0.01)
        index.go.set()
        for each in (first, *others):
            each.result(PATIENCE_S)
    assert index.writes[0] == ["a"]
    assert [sorted(write) for write in index.writes[1:]] == [["b", "c", "d"]]


def test_a_failed_write_is_everybodys_whose_chunks_were_in_it_and_the_next_one_works() -> None:
    index, together = SlowIndex(), UpsertTogether()
    index.go.set()
    with pytest.raises(EngineUnavailable):
        together.upsert([chunk("bad")], index=index)
    together.upsert([chunk("good")], index=index)
    assert index.writes == [["bad"], ["good"]]


def test_who_comes_first_waits_for_those_who_are_about_to_come() -> None:
    index, together = SlowIndex(), UpsertTogether()
    index.go.set()
    with together.seat() as late, together.seat() as early:
        early.expect()
        late.expect()
        with ThreadPoolExecutor() as pool:
            first = pool.submit(early.upsert, [chunk("early")], index=index)
            while not together._waiting:
                threading.Event().wait(0.01)
            assert not index.writes
            late.upsert([chunk("late")], index=index)
            first.result(PATIENCE_S)
    assert index.writes == [["early", "late"]]


def test_nobody_waits_for_one_who_was_expected_and_fails_on_the_way() -> None:
    index, together = SlowIndex(), UpsertTogether()
    index.go.set()

    def get_lost() -> None:
        with together.seat() as lost:
            lost.expect()
            raise EngineUnavailable("Lost on the way.")

    with pytest.raises(EngineUnavailable):
        get_lost()
    together.upsert([chunk("a")], index=index)
    assert index.writes == [["a"]]
