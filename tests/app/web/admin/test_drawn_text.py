"""A text drawn with its chunks: nothing of it is lost, whatever the chunks."""

from hypothesis import given
from hypothesis import strategies as st

from app.lab.preview import PreviewChunk
from app.web.admin.drawn_text import WINDOW, draw


def chunk(start: int, end: int) -> PreviewChunk:
    return PreviewChunk(start, end, end - start, 0, ("Leave",), None, None)


@st.composite
def chunked(draw_from: st.DrawFn) -> tuple[str, list[PreviewChunk]]:
    """A text with chunks in order, which may overlap and leave gaps."""
    text = draw_from(st.text(min_size=1, max_size=200))
    chunks, start = [], 0
    while start < len(text) and draw_from(st.booleans()):
        first = draw_from(st.integers(start, len(text) - 1))
        end = draw_from(st.integers(first + 1, len(text)))
        chunks.append(chunk(first, end))
        start = draw_from(st.integers(first + 1, end))
    return text, chunks


@given(chunked())
def test_the_pieces_are_the_text_and_each_chunk_begins_once(made: tuple[str, list[PreviewChunk]]) -> None:
    text, chunks = made
    drawn = draw(text, chunks)
    assert "".join(piece.text for piece in drawn.pieces) == text
    assert [piece.begins for piece in drawn.pieces if piece.begins] == list(range(1, len(chunks) + 1))


@given(chunked())
def test_a_piece_says_how_many_chunks_have_it(made: tuple[str, list[PreviewChunk]]) -> None:
    text, chunks = made
    at = 0
    for piece in draw(text, chunks).pieces:
        covering = [number for number, each in enumerate(chunks, start=1) if each.start <= at < each.end]
        expected = "none" if not covering else "both" if len(covering) > 1 else ("even", "odd")[covering[0] % 2]
        assert piece.kind == expected
        at += len(piece.text)


def test_what_is_in_two_chunks_is_shown_as_such() -> None:
    drawn = draw("one two three", [chunk(0, 7), chunk(4, 13)])
    assert [(piece.text, piece.kind, piece.begins) for piece in drawn.pieces] == [
        ("one ", "odd", 1),
        ("two", "both", 2),
        (" three", "even", 0),
    ]


def test_a_long_text_is_drawn_in_parts() -> None:
    text = "x" * (WINDOW + 10)
    first = draw(text, [])
    assert first.next_start == WINDOW
    assert "".join(piece.text for piece in draw(text, [], start=WINDOW).pieces) == "x" * 10
