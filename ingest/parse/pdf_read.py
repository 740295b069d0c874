"""One PDF page through pdfium: its text lines with rectangles, and whether it has ruled tables or pictures.

pdfium is not thread-safe: every call happens under `PDFIUM_LOCK`, wherever in the program it is made.
Coordinates are those of the page as displayed: after crop and rotation, origin at the bottom left.
"""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from app.domain import Rect
from ingest.parse.layout import PageLine

PDFIUM_LOCK = RLock()

# pdfium ends a line with this where a word was hyphenated.
LINE_HYPHEN: Final = "\ufffe"
LINE = re.compile(f"[^\r\n{LINE_HYPHEN}]+{LINE_HYPHEN}?")
BOLD = re.compile(rb"bold|black|heavy|demi|-bd|cmbx|sfbx", re.IGNORECASE)
# Drawings have tens of thousands of paths, and pdfplumber takes seconds over them; tables have few.
MOST_OBJECTS: Final = 4000
THIN_POINTS: Final = 3.0
LEAST_EDGE_POINTS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn: lines or boxes that may be a table (two down, three across), pictures, anything at all."""

    is_ruled: bool
    has_pictures: bool
    has_marks: bool


@dataclass(frozen=True, slots=True)
class RawPage:
    """What pdfium sees of a page."""

    width: float
    height: float
    rotation: int
    lines: tuple[PageLine, ...]
    marks: Marks


def read_page(page: pdfium.PdfPage) -> RawPage:
    """Read one page; the caller holds PDFIUM_LOCK and closes the page."""
    width, height = page.get_size()
    view = _View(page)
    text_page = page.get_textpage()
    try:
        lines = _lines(text_page, view)
    finally:
        text_page.close()
    return RawPage(width, height, page.get_rotation(), lines, _marks(page))


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


def _lines(text_page: pdfium.PdfTextPage, view: _View) -> tuple[PageLine, ...]:
    """pdfium's own line breaks; a few calls per line, for one call per character costs ten times the text."""
    text = text_page.get_text_range()
    lines = []
    for found in LINE.finditer(text):
        words = found.group()
        if not words.strip() or words == LINE_HYPHEN:
            continue
        first = raw.FPDFText_GetCharIndexFromTextIndex(text_page, found.start())
        last = raw.FPDFText_GetCharIndexFromTextIndex(text_page, found.end() - 1)
        rect = _rect(text_page, first, last - first + 1, view)
        if rect is None:
            continue
        lead = first + len(words) - len(words.lstrip())
        lines.append(
            PageLine(
                text=words.removesuffix(LINE_HYPHEN),
                rect=rect,
                size=_size(text_page, lead),
                is_bold=_is_bold(text_page, lead) and _is_bold(text_page, last),
                is_hyphenated=words.endswith(LINE_HYPHEN),
            )
        )
    return tuple(lines)


def _rect(text_page: pdfium.PdfTextPage, start: int, count: int, view: _View) -> Rect | None:
    boxes = raw.FPDFText_CountRects(text_page, start, count)
    if boxes < 1:
        return None
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    edges = []
    for index in range(boxes):
        raw.FPDFText_GetRect(text_page, index, left, top, right, bottom)
        edges.append((left.value, bottom.value, right.value, top.value))
    lefts, bottoms, rights, tops = zip(*edges, strict=True)
    return view.rect(min(lefts), min(bottoms), max(rights), max(tops))


def _size(text_page: pdfium.PdfTextPage, index: int) -> float:
    """Height of a character's box with ascent and descent: the font size that the eye sees, matrix applied."""
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(text_page, index, box):
        return 0.0
    return float(min(abs(box.top - box.bottom), 200.0))


def _is_bold(text_page: pdfium.PdfTextPage, index: int) -> bool:
    if raw.FPDFText_GetFontWeight(text_page, index) >= 600:
        return True
    buffer = ctypes.create_string_buffer(80)
    raw.FPDFText_GetFontInfo(text_page, index, buffer, 80, None)
    return BOLD.search(buffer.value) is not None


def _marks(page: pdfium.PdfPage) -> Marks:
    count = raw.FPDFPage_CountObjects(page)
    if count > MOST_OBJECTS:
        return Marks(is_ruled=False, has_pictures=True, has_marks=True)
    drawn = list(_objects(page, count))
    edges = [_edges(path) for kind, path in drawn if kind == raw.FPDF_PAGEOBJ_PATH]
    across, down = (sum(part) for part in zip(*edges, strict=True)) if edges else (0, 0)
    return Marks(
        is_ruled=across >= 3 and down >= 2,
        has_pictures=any(kind == raw.FPDF_PAGEOBJ_IMAGE for kind, _ in drawn),
        has_marks=count > 0,
    )


def _objects(page: pdfium.PdfPage, count: int) -> Iterator[tuple[int, Any]]:
    """Kind and handle of each object, those inside forms included (one level down)."""
    for index in range(count):
        drawn = raw.FPDFPage_GetObject(page, index)
        kind = raw.FPDFPageObj_GetType(drawn)
        yield kind, drawn
        if kind == raw.FPDF_PAGEOBJ_FORM:
            for inner_index in range(min(raw.FPDFFormObj_CountObjects(drawn), MOST_OBJECTS)):
                inner = raw.FPDFFormObj_GetObject(drawn, inner_index)
                yield raw.FPDFPageObj_GetType(inner), inner


def _edges(path: Any) -> tuple[int, int]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(path, left, bottom, right, top):
        return 0, 0
    width, height = right.value - left.value, top.value - bottom.value
    if height <= THIN_POINTS:
        return int(width >= LEAST_EDGE_POINTS), 0
    if width <= THIN_POINTS:
        return 0, int(height >= LEAST_EDGE_POINTS)
    # One path may be a box, or a whole grid drawn in one go.
    segments = raw.FPDFPath_CountSegments(path)
    return (2, 2) if segments < 8 else (segments // 4, segments // 4)
