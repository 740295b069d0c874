"""Units: the pieces of text that a chunk boundary may stand between."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, assert_never

from app.domain import ParsedDocument, Splitter
from ingest.chunking.blocks import Block, BlockKind, find_blocks
from ingest.chunking.sentences import sentence_starts
from ingest.chunking.tables import Table, TableHeader, follow_table

# Kana, Han, Thai and Lao.
NO_SPACES: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff"
LINE_END = re.compile(r"\n")
# Scripts written without spaces are cut between characters; longer runs than a word's are no words.
WORD = re.compile(rf"[{NO_SPACES}]|[^\s{NO_SPACES}]{{1,64}}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stripped, non-empty span.

    Units of one `group` may share a chunk. `headings` is the path of headings above the span, `table_header` the
    header of the table whose row it is (a part of). Those of one `block` (code; 0 is none) stay together when
    they fit. A unit that leads stays with the unit after it, and only prose is repeated in the next chunk.
    `header_tokens` is what the header costs a chunk that starts with this unit.
    """

    start: int
    end: int
    group: int
    headings: tuple[str, ...] = ()
    kind: BlockKind = BlockKind.PROSE
    block: int = 0
    table_header: TableHeader | None = None
    tokens: int = 0
    header_tokens: int = 0

    @property
    def is_heading(self) -> bool:
        """Whether the unit is a heading line."""
        return self.kind is BlockKind.HEADING

    @property
    def leads(self) -> bool:
        """Whether the unit says what follows: a heading, or the header of a table."""
        return self.kind is BlockKind.HEADING or self.kind is BlockKind.HEADER


def split_units(document: ParsedDocument, splitter: Splitter) -> list[Unit]:
    """All units of the document in order; white space and skipped spans are in none."""
    match splitter:
        case Splitter.HEADING:
            return list(_block_units(document, by_section=True))
        case Splitter.PAGE:
            return list(_page_units(document))
        case Splitter.SENTENCE:
            return list(_block_units(document, by_section=False))
        case Splitter.TOKEN:
            return [word for unit in _block_units(document, by_section=False) for word in words(document.text, unit)]
        case _:
            assert_never(splitter)


def words(text: str, unit: Unit) -> list[Unit]:
    """A unit cut into words."""
    return [
        replace(unit, start=found.start(), end=found.end(), kind=BlockKind.PROSE, block=0, tokens=0)
        for found in WORD.finditer(text, unit.start, unit.end)
    ]


def _page_units(document: ParsedDocument) -> Iterator[Unit]:
    """Units grouped by page, too; one that goes on on the next page is cut there."""
    begins = [page.start for page in document.pages[1:]]
    group, before = 0, (0, -1)
    for unit in _block_units(document, by_section=False):
        first, last = bisect_right(begins, unit.start), bisect_left(begins, unit.end)
        edges = [unit.start, *begins[first:last], unit.end]
        for number, (start, end) in enumerate(pairwise(edges)):
            if (span := _stripped(document.text, start, end)) is None:
                continue
            place = (unit.group, first + number)
            group += place != before
            before = place
            yield replace(unit, start=span[0], end=span[1], group=group)


def _block_units(document: ParsedDocument, *, by_section: bool) -> Iterator[Unit]:
    """Units grouped by the regions between skipped spans and, by section, at each heading.

    Headings right below another one stay in its group.
    """
    path: list[tuple[int, str]] = []
    headings: tuple[str, ...] = ()
    table: Table | None = None
    group = 0
    for start, end in regions(document):
        group += 1
        was_heading = True
        for block in find_blocks(document, start, end):
            is_heading = block.kind is BlockKind.HEADING
            group += by_section and is_heading and not was_heading
            was_heading = is_heading
            if is_heading:
                path = [*(step for step in path if step[0] < block.level), (block.level, block.title)]
                headings = tuple(title for _, title in path)
            table = follow_table(document.text, block, table)
            for unit_start, unit_end in _spans(document, block):
                yield Unit(
                    unit_start,
                    unit_end,
                    group,
                    headings,
                    block.kind,
                    block=block.start + 1 if block.kind is BlockKind.CODE else 0,
                    table_header=table.header if table and block.kind is BlockKind.ROW else None,
                )


def _spans(document: ParsedDocument, block: Block) -> Iterator[tuple[int, int]]:
    """A block's stripped spans: sentences of prose, lines of code; anything else is one span."""
    text = document.text
    match block.kind:
        case BlockKind.PROSE:
            offsets = sentence_starts(text, block.start, block.end, document.language)
        case BlockKind.CODE:
            offsets = [block.start, *(found.end() for found in LINE_END.finditer(text, block.start, block.end))]
        case BlockKind.HEADING | BlockKind.HEADER | BlockKind.ROW:
            offsets = [block.start]
        case _:
            assert_never(block.kind)
    for start, end in zip(offsets, [*offsets[1:], block.end], strict=True):
        if (span := _stripped(text, start, end)) is not None:
            yield span


def _stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    if lead == len(piece):
        return None
    return start + lead, start + len(piece.rstrip())


def regions(document: ParsedDocument) -> list[tuple[int, int]]:
    """The spans between the pages' skipped spans."""
    found, at = [], 0
    for start, end in _merged(sorted(span for page in document.pages for span in page.skipped)):
        if start > at:
            found.append((at, start))
        at = end
    if at < len(document.text):
        found.append((at, len(document.text)))
    return found


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    end_so_far = 0
    for start, end in spans:
        if end > max(start, end_so_far):
            yield max(start, end_so_far), end
            end_so_far = end
