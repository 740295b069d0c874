"""Units: the pieces of text that a chunk boundary may stand between."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from app.domain import ParsedDocument, Splitter
from ingest.chunking.blocks import Block, BlockKind, find_blocks
from ingest.chunking.sentences import sentence_starts

# Kana, Han, Thai and Lao.
NO_SPACES: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff"
# Scripts written without spaces are cut between characters; longer runs than a word's are no words.
WORD = re.compile(rf"[{NO_SPACES}]|[^\s{NO_SPACES}]{{1,64}}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stripped, non-empty span.

    Units of one `group` may share a chunk. `headings` is the path of headings above the span. Those of one
    `block` (code; 0 is none) stay together when they fit. A heading stays with the unit after it, and only
    prose is repeated in the next chunk.
    """

    start: int
    end: int
    group: int
    headings: tuple[str, ...] = ()
    kind: BlockKind = BlockKind.PROSE
    block: int = 0
    tokens: int = 0

    @property
    def is_heading(self) -> bool:
        """Whether the unit is a heading line."""
        return self.kind is BlockKind.HEADING


def split_units(document: ParsedDocument, splitter: Splitter) -> list[Unit]:
    """All units of the document in order; white space and skipped spans are in none."""
    match splitter:
        case Splitter.HEADING:
            return _by_section(list(_block_units(document)))
        case Splitter.SENTENCE:
            return list(_block_units(document))
        case Splitter.TOKEN:
            return [word for unit in _block_units(document) for word in words(document.text, unit)]
        case _:
            assert_never(splitter)


def words(text: str, unit: Unit) -> list[Unit]:
    """A unit cut into words."""
    return [
        replace(unit, start=found.start(), end=found.end(), kind=BlockKind.PROSE, block=0, tokens=0)
        for found in WORD.finditer(text, unit.start, unit.end)
    ]


def _by_section(units: list[Unit]) -> list[Unit]:
    """Each heading starts a group, together with the headings right below it."""
    made, group = [], 0
    previous: Unit | None = None
    for unit in units:
        if previous is not None:
            is_new_section = unit.is_heading and not previous.is_heading
            group += is_new_section or unit.group != previous.group
        made.append(replace(unit, group=group))
        previous = unit
    return made


def _block_units(document: ParsedDocument) -> Iterator[Unit]:
    """Units grouped by the regions between skipped spans."""
    path: list[tuple[int, str]] = []
    block_id = 0
    for region, (start, end) in enumerate(regions(document)):
        for block in find_blocks(document, start, end):
            if block.kind is BlockKind.HEADING:
                path = [step for step in path if step[0] < block.level]
                path.append((block.level, block.title))
            if block.kind is BlockKind.CODE:
                block_id += 1
            headings = tuple(title for _, title in path)
            for unit_start, unit_end in _spans(document, block):
                yield Unit(
                    start=unit_start,
                    end=unit_end,
                    group=region,
                    headings=headings,
                    kind=block.kind,
                    block=block_id if block.kind is BlockKind.CODE else 0,
                )


def _spans(document: ParsedDocument, block: Block) -> Iterator[tuple[int, int]]:
    """A block's stripped spans: sentences of prose, lines of anything else."""
    text = document.text
    if block.kind is BlockKind.PROSE:
        offsets = sentence_starts(text, block.start, block.end, document.language)
    else:
        breaks = re.compile("\n").finditer(text, block.start, block.end)
        offsets = [block.start, *(found.end() for found in breaks)]
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
