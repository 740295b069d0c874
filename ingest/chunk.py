"""Chunk: cut a document's text into spans that fit the embedding model, with exact offsets.

Units (sentences, table rows, code lines; words for the token splitter) are found with their offsets, counted by
their words, and packed; what comes of it is counted exactly. llama-index's splitters do the same but lose the
offsets, call the tokenizer for every fragment and take 2.4 CPU-seconds per megabyte; of it we use the sentence
model that it bundles.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby

from app.domain import Chunk, ChunkingProfile, Page, ParsedDocument
from ingest.chunking.fit import CountTokens, Fitter, Span
from ingest.chunking.pack import pack
from ingest.chunking.units import split_units

__all__ = ["CountTokens", "chunk"]


def chunk(document: ParsedDocument, profile: ChunkingProfile, count_tokens: CountTokens) -> list[Chunk]:
    """Cut `document` under `profile`; chunks come in order of `start`, numbered from 0.

    Every chunk is a stripped, non-empty span of at most `chunk_size` tokens (a single character that alone has
    more stays whole). Together they cover all text but white space and the pages' skipped spans. Neighbours
    share whole units of up to `overlap` tokens, except across a heading (heading splitter) or a skipped span.

    A chunk that begins inside a table carries the table's header rows, within its size, unless they would take
    more than a third of it: then the row of dashes is left out, and if need be all of it.
    """
    fitter = Fitter(document.text, profile.chunk_size, count_tokens)
    units = fitter.fit(split_units(document, profile.splitter))
    groups = (list(group) for _, group in groupby(units, key=lambda unit: unit.group))
    runs = [run for group in groups for run in pack(group, profile)]
    return _chunks(document, fitter.verify(runs))


def _chunks(document: ParsedDocument, spans: Sequence[Span]) -> list[Chunk]:
    starts = [page.start for page in document.pages]
    return [
        Chunk(
            ordinal=ordinal,
            start=span.start,
            end=span.end,
            text=document.text[span.start : span.end],
            tokens=span.tokens,
            headings=span.headings,
            first_page=_page_number(document.pages, starts, span.start),
            last_page=_page_number(document.pages, starts, span.end - 1),
            table_header=span.table_header,
        )
        for ordinal, span in enumerate(spans)
    ]


def _page_number(pages: Sequence[Page], starts: Sequence[int], offset: int) -> int | None:
    """The page on which a character stands, None in a document without pages."""
    if not pages:
        return None
    return pages[max(bisect_right(starts, offset) - 1, 0)].number
