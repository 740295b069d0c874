"""What a profile makes of a document, on plain values."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from app.domain import ChunkingProfile, ParsedDocument, Splitter
from app.lab.preview import BARS, Scale, preview

TEXT = "One two three. Four five six. Seven eight nine. Ten."


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def document(text: str = TEXT) -> ParsedDocument:
    return ParsedDocument(text=text, media_type="text/plain")


def test_chunks_are_spans_of_the_text_and_say_what_they_repeat() -> None:
    made = preview(
        document(),
        ChunkingProfile(Splitter.SENTENCE, 6, 3),
        count_tokens=count_words,
        max_tokens=6,
        scale=Scale(len(TEXT) * 10, 4, 5.0),
    )
    assert [(TEXT[each.start : each.end], each.tokens) for each in made.chunks] == [
        ("One two three. Four five six.", 6),
        ("Four five six. Seven eight nine.", 6),
        ("Seven eight nine. Ten.", 4),
    ]
    assert [each.repeats for each in made.chunks] == [0, len("Four five six."), len("Seven eight nine.")]
    assert made.histogram == (0, 0, 0, 0, 0, 0, 1, 0, 0, 2)
    assert (made.estimate.chunks, made.estimate.embedding_s) == (30, 6.0)


def test_tokens_beyond_the_models_window_are_counted() -> None:
    scale = Scale(len(TEXT), 4, None)
    made = preview(
        document(), ChunkingProfile(Splitter.SENTENCE, 6, 0), count_tokens=count_words, max_tokens=4, scale=scale
    )
    assert made.cut_tokens == 2
    assert made.estimate.embedding_s is None


@given(st.text(max_size=400), st.sampled_from(Splitter), st.integers(2, 40))
def test_every_chunk_is_in_the_histogram(text: str, splitter: Splitter, size: int) -> None:
    made = preview(
        document(text),
        ChunkingProfile(splitter, size, size // 3),
        count_tokens=count_words,
        max_tokens=100,
        scale=Scale(1_000, 4, None),
    )
    assert len(made.histogram) == BARS
    assert sum(made.histogram) == len(made.chunks)
    assert made.estimate.disk_bytes >= 0
