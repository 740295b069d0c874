from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.answer.search.choose import Group
from app.answer.search.join import join
from app.db.passages import Candidate
from app.domain import Passage
from tests.app.answer.passages import passage

TEXT = "First page ends here.\n\nfoot 1\n\nSecond page goes on about the same matter and ends."


def chunk(ordinal: int, start: int, end: int, *, score: float = 0.5, page: int | None = None) -> Candidate:
    found = replace(passage(TEXT[start:end], start=start, page=page), score=score, chunk_id=f"c{ordinal}")
    return Candidate(found, ordinal, "text")


def joined(*chunks: Candidate) -> Passage:
    best_first = sorted(chunks, key=lambda each: -each.passage.score)
    return join(Group(best_first), lambda _, start, end: TEXT[start:end])


def test_the_passage_is_the_documents_text_from_the_first_to_the_last_with_what_lies_between() -> None:
    found = joined(chunk(1, 31, len(TEXT), score=0.9, page=2), chunk(0, 0, 21, page=1))
    assert (found.start, found.end, found.text) == (0, len(TEXT), TEXT)
    assert (found.chunk_id, found.score) == ("c1", 0.9)
    assert (found.core, found.is_core(40, 50), found.is_core(0, 9)) == ((31, len(TEXT)), True, False)


def test_overlapping_chunks_say_nothing_twice() -> None:
    assert joined(chunk(0, 0, 40), chunk(1, 31, 60)).text == TEXT[:60]


def test_a_page_that_begins_with_the_second_chunk_is_known() -> None:
    found = joined(chunk(0, 0, 21, page=1), chunk(1, 31, len(TEXT), page=2))
    assert [found.page_at(offset) for offset in (0, 20, 31, 50)] == [1, 1, 2, 2]
    assert (found.page, found.last_page) == (1, 2)


def test_a_chunk_alone_stays_as_it_is_and_names_the_documents_with_the_same_words() -> None:
    alone = chunk(0, 0, 21)
    group = Group([alone], also_in=["copy.md", "handbook.pdf", "copy.md"])
    assert join(group, lambda *_: "") == replace(alone.passage, also_in=("copy.md",))


@given(cuts=st.lists(st.integers(1, len(TEXT) - 1), min_size=1, max_size=5, unique=True), overlap=st.integers(0, 9))
def test_however_a_text_is_cut_the_joined_passage_is_that_text(cuts: list[int], overlap: int) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    chunks = [chunk(n, max(0, start - overlap), end) for n, (start, end) in enumerate(pairwise(edges))]
    assert joined(*chunks).text == TEXT
