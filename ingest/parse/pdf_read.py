"""One PDF page through pdfium: its text lines with rectangles, and whether it has ruled tables or pictures.

pdfium is not thread-safe: every call happens under `PDFIUM_LOCK`, wherever in the program it is made.
Coordinates are those of the page as displayed: after crop and rotation, origin at the bottom left.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from ingest.parse.hidden import Unseen
from ingest.parse.layout import PageLine
from ingest.parse.pdf_hidden import find_hidden
from ingest.parse.pdf_text import read_lines

PDFIUM_LOCK = RLock()

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
    hidden: tuple[Unseen, ...] = ()


def read_page(page: pdfium.PdfPage, number: int = 1) -> RawPage:
    """Read one page; the caller holds PDFIUM_LOCK and closes the page. `number` counts from 1."""
    width, height = page.get_size()
    lines = read_lines(page)
    hidden = tuple(find_hidden(page, number)) if lines else ()
    return RawPage(width, height, page.get_rotation(), lines, _marks(page), hidden)


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
