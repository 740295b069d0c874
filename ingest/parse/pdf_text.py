"""The text lines of a PDF page through pdfium, with rectangles; columns that share their lines are parted.

pdfium is not thread-safe: the caller holds its lock.
"""

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from app.domain import Rect
from ingest.parse.layout import PageLine
from ingest.parse.layout.order import find_gutter, reading_order

# pdfium ends a line with this where a word was hyphenated.
LINE_HYPHEN: Final = "\ufffe"
LINE = re.compile(f"[^\r\n{LINE_HYPHEN}]+{LINE_HYPHEN}?")
BOLD = re.compile(rb"bold|black|heavy|demi|-bd|cmbx|sfbx", re.IGNORECASE)
# In heights of a line: more than any space between words.
LEAST_GAP: Final = 1.0
LEAST_PARTED: Final = 5

Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in page coordinates."""


def read_lines(page: pdfium.PdfPage) -> tuple[PageLine, ...]:
    """The page's lines in reading order, their rectangles on the page as displayed."""
    text_page = page.get_textpage()
    try:
        found = list(_TextReader(text_page, _View(page)).lines())
    finally:
        text_page.close()
    return tuple(_in_columns(found))


@dataclass(frozen=True, slots=True)
class _Found:
    """A line as pdfium gives it, and its parts where there are wide gaps in it; a line without any is its only part."""

    whole: PageLine
    parts: tuple[PageLine, ...]


def _in_columns(found: Sequence[_Found]) -> Iterator[PageLine]:
    """Some programs write a page row by row across its columns, and pdfium gives such rows as lines."""
    parted = [index for index, line in enumerate(found) if len(line.parts) > 1]
    columns = [part.rect for index in parted for part in found[index].parts]
    if len(parted) < LEAST_PARTED or find_gutter(columns) is None:
        yield from (line.whole for line in found)
        return
    first, end = parted[0], parted[-1] + 1
    between = [part for line in found[first:end] for part in line.parts]
    yield from (line.whole for line in found[:first])
    yield from (between[index] for index in reading_order([part.rect for part in between]))
    yield from (line.whole for line in found[end:])


class _View:
    """Maps page coordinates to the displayed page."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._rotation = page.get_rotation()

    def rect(self, left: float, bottom: float, right: float, top: float) -> Rect:
        match self._rotation:
            case 90:
                return Rect(bottom - self._bottom, self._right - right, top - self._bottom, self._right - left)
            case 180:
                return Rect(self._right - right, self._top - top, self._right - left, self._top - bottom)
            case 270:
                return Rect(self._top - top, left - self._left, self._top - bottom, right - self._left)
            case _:
                return Rect(left - self._left, bottom - self._bottom, right - self._left, top - self._bottom)


class _TextReader:
    """pdfium's own line breaks; a few calls per line, for one call per character costs ten times the text.

    The buffers that pdfium writes into are made once: making them anew took a third of the time.
    """

    def __init__(self, text_page: pdfium.PdfTextPage, view: _View) -> None:
        self._text_page = text_page
        self._handle = text_page.raw
        self._view = view
        self._left, self._top, self._right, self._bottom = (ctypes.c_double() for _ in range(4))
        self._box = raw.FS_RECTF()
        self._font = ctypes.create_string_buffer(80)

    def lines(self) -> Iterator[_Found]:
        for found in LINE.finditer(self._text_page.get_text_range()):
            words = found.group()
            if not words.strip() or words == LINE_HYPHEN:
                continue
            first = raw.FPDFText_GetCharIndexFromTextIndex(self._handle, found.start())
            last = raw.FPDFText_GetCharIndexFromTextIndex(self._handle, found.end() - 1)
            count = raw.FPDFText_CountRects(self._handle, first, last - first + 1)
            boxes = [self._edges(index) for index in range(count)]
            if not boxes:
                continue
            lead = first + len(words) - len(words.lstrip())
            line = PageLine(
                text=words.removesuffix(LINE_HYPHEN),
                rect=self._view.rect(*_around(boxes)),
                size=self._size(lead),
                is_bold=self._is_bold(lead) and self._is_bold(last),
                is_hyphenated=words.endswith(LINE_HYPHEN),
            )
            yield _Found(line, self._parts(line, boxes, first) if count > 1 else (line,))

    def _parts(self, line: PageLine, boxes: Sequence[Box], first: int) -> tuple[PageLine, ...]:
        """Part the line at wide gaps between its boxes; `first` is the index of its first character."""
        parts: list[PageLine] = []
        start = done = 0
        for index in range(1, len(boxes)):
            cut = self._gap_after(line, boxes[index - 1], boxes[index]) - first
            if not start < cut < len(line.text) or not line.text[cut - 1].isspace():
                continue
            rect = self._view.rect(*_around(boxes[done:index]))
            parts.append(replace(line, text=line.text[start:cut].rstrip(), rect=rect, is_hyphenated=False))
            start, done = cut, index
        if not parts:
            return (line,)
        rect = self._view.rect(*_around(boxes[done:]))
        return (*parts, replace(line, text=line.text[start:], rect=rect))

    def _gap_after(self, line: PageLine, before: Box, after: Box) -> int:
        """Index of the first character of the box after a wide gap; -1 where the gap is narrow."""
        if after[0] - before[2] < line.height * LEAST_GAP:
            return -1
        middle = (after[1] + after[3]) / 2
        return int(raw.FPDFText_GetCharIndexAtPos(self._handle, after[0] + 0.5, middle, 2.0, line.height / 2))

    def _edges(self, index: int) -> Box:
        """One of the boxes that were counted last."""
        raw.FPDFText_GetRect(self._handle, index, self._left, self._top, self._right, self._bottom)
        return self._left.value, self._bottom.value, self._right.value, self._top.value

    def _size(self, index: int) -> float:
        """Height of a character's box with ascent and descent: the font size that the eye sees, matrix applied."""
        if not raw.FPDFText_GetLooseCharBox(self._handle, index, self._box):
            return 0.0
        return float(min(abs(self._box.top - self._box.bottom), 200.0))

    def _is_bold(self, index: int) -> bool:
        if raw.FPDFText_GetFontWeight(self._handle, index) >= 600:
            return True
        raw.FPDFText_GetFontInfo(self._handle, index, self._font, 80, None)
        return BOLD.search(self._font.value) is not None


def _around(boxes: Sequence[Box]) -> Box:
    if len(boxes) == 1:
        return boxes[0]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)
