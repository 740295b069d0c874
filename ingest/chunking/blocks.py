"""Blocks of Markdown-like text: headings, fenced code, table rows, prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.domain import ParsedDocument

LINE = re.compile(r"[^\n]*\n|[^\n]+")
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t#]*$")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
RULE = re.compile(r"\|(?:[ \t]*:?-+:?[ \t]*\|)+")
ITEM = re.compile(r"\s*(?:[-*+•◦▪‣·–]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S")
SENTENCE_END = (".", "!", "?", ":", "。", "！", "？")


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    CODE = "code"
    HEADER = "header"
    ROW = "row"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Block:
    """A span of whole lines of one kind. Only a heading has a level and a title.

    A header is a table's first row with the line of dashes below it; every other row is a block of its own.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    title: str = ""


def find_blocks(document: ParsedDocument, start: int, end: int) -> Iterator[Block]:
    """The blocks of one region in order; between them is only white space."""
    page_starts = {page.start for page in document.pages}
    lines = _Lines(document.text, start, end)
    prose: tuple[int, int] | None = None
    while (line := lines.next()) is not None:
        words = line.text.strip()
        if not words:
            if prose is not None and not _goes_on(document.text, prose, lines, page_starts):
                yield Block(BlockKind.PROSE, *prose)
                prose = None
            continue
        special = _special(line, lines)
        if prose is not None and (special is not None or ITEM.match(line.text)):
            yield Block(BlockKind.PROSE, *prose)
            prose = None
        if special is not None:
            yield special
        else:
            prose = (prose[0] if prose else line.start, line.end)
    if prose is not None:
        yield Block(BlockKind.PROSE, *prose)


def _goes_on(text: str, prose: tuple[int, int], lines: "_Lines", page_starts: set[int]) -> bool:
    """A sentence that runs over a page's end goes on below the blank line."""
    following = lines.peek()
    return (
        following is not None
        and following.start in page_starts
        and following.text[:1].islower()
        and not text[slice(*prose)].rstrip().endswith(SENTENCE_END)
    )


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    end: int


class _Lines:
    def __init__(self, text: str, start: int, end: int) -> None:
        self._lines = [_Line(found.group(), found.start(), found.end()) for found in LINE.finditer(text, start, end)]
        self._at = 0

    def next(self) -> _Line | None:
        line = self.peek()
        self._at += 1
        return line

    def peek(self) -> _Line | None:
        return self._lines[self._at] if self._at < len(self._lines) else None


def _special(line: _Line, lines: _Lines) -> Block | None:
    """A heading, a code fence with the lines up to its end, a table row or a table's header; None for prose."""
    words = line.text.strip()
    if words[0] == "#" and (found := HEADING.match(line.text.rstrip("\n"))):
        return Block(BlockKind.HEADING, line.start, line.end, len(found.group(1)), found.group(2))
    if words[0] in "`~" and (fence := FENCE.match(line.text)):
        return Block(BlockKind.CODE, line.start, _fence_end(fence.group(1), line, lines))
    if words[0] != "|" or words[-1] != "|":
        return None
    following = lines.peek()
    if following is None or not _is_rule(following.text) or _is_rule(line.text):
        return Block(BlockKind.ROW, line.start, line.end)
    lines.next()
    return Block(BlockKind.HEADER, line.start, following.end)


def _is_rule(line: str) -> bool:
    return RULE.fullmatch(line.strip()) is not None


def _fence_end(marks: str, opening: _Line, lines: _Lines) -> int:
    """An unclosed fence ends with the region, as in Markdown."""
    end = opening.end
    while (line := lines.next()) is not None:
        end = line.end
        if line.text.strip().startswith(marks) and not line.text.strip().strip(marks[0]):
            break
    return end
