"""Chunk names: the same text keeps its id, equal texts are told apart."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.domain import Chunk
from ingest.store import name_chunks

TEXTS = st.lists(st.sampled_from(["apple", "pear", "plum", "quince"]), max_size=8)


def ids(texts: Sequence[str], *, headings: tuple[str, ...] = (), document_id: str = "d") -> list[str]:
    chunks = [Chunk(ordinal, 0, len(text), text, 1, headings) for ordinal, text in enumerate(texts)]
    return list(name_chunks(chunks, generation_id="g", document_id=document_id))


@given(TEXTS)
def test_equal_texts_are_told_apart(texts: list[str]) -> None:
    assert len(set(ids(texts))) == len(texts)


@given(TEXTS, TEXTS, st.randoms(use_true_random=False))
def test_an_unchanged_chunk_keeps_its_id_when_others_move(kept: list[str], added: list[str], random) -> None:
    kept = [f"kept {text}" for text in kept]
    moved = [*kept, *added]
    random.shuffle(moved)
    assert set(ids(kept)) <= set(ids(moved))


def test_rows_below_another_table_header_are_another_chunk() -> None:
    rows = Chunk(0, 40, 45, "| 1 |", 1, table_header="| Price |")
    chunk_by_id = name_chunks([rows, replace(rows, table_header="| Weight |")], generation_id="g", document_id="d")
    assert len(chunk_by_id) == 2
    assert not set(chunk_by_id) & set(ids(["| 1 |"]))


def test_a_chunk_under_another_heading_or_in_another_document_is_another_chunk() -> None:
    assert len({*ids(["apple"]), *ids(["apple"], headings=("Fruit",)), *ids(["apple"], document_id="e")}) == 3
