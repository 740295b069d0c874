"""Ruled tables on a PDF page, through pdfplumber, in place of their raw text.

pdfplumber reads about 13 pages a second, pdfium 1,500: it is asked only about pages that have lines or boxes.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdfplumber
from pdfplumber.pdf import PDF
from pdfplumber.utils.exceptions import PdfminerException

from app.domain import Rect
from ingest.parse.layout import PageLine
from ingest.parse.markdown import table_lines
from ingest.parse.pdf_read import RawPage


@dataclass(frozen=True, slots=True)
class _Table:
    rect: Rect
    rows: tuple[tuple[str, ...], ...]
    row_rects: tuple[Rect, ...]


def with_tables(path: Path, passwords: Sequence[str], number: int, page: RawPage) -> tuple[PageLine, ...]:
    """The page's lines, those inside a ruled table replaced by its Markdown rows. `number` is 1-based."""
    tables = [table for table in _find_tables(path, passwords, number, page) if _is_table(table)]
    return _replaced(page.lines, tables)


def _find_tables(path: Path, passwords: Sequence[str], number: int, page: RawPage) -> list[_Table]:
    # pdfminer reports oddities of fonts at length, and parts of the text with them.
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    try:
        with _open(path, passwords, number) as pdf:
            plumbed = pdf.pages[0]
            return [_converted(found, plumbed, page) for found in plumbed.find_tables()]
    except Exception:  # noqa: BLE001 - pdfminer raises anything on odd files; the raw text is there already
        return []


def _open(path: Path, passwords: Sequence[str], number: int) -> PDF:
    for password in passwords:
        try:
            return pdfplumber.open(path, pages=[number], password=password)
        except PdfminerException:  # the wrong one of several
            continue
    return pdfplumber.open(path, pages=[number])


def _converted(found: Any, plumbed: Any, page: RawPage) -> _Table:
    # pdfplumber measures from the top left of the media box, pdfium shows the crop box.
    dx, dy = _crop_offset(plumbed, page)

    def rect(box: tuple[float, float, float, float]) -> Rect:
        left, top, right, bottom = box
        return Rect(left - dx, page.height - (bottom - dy), right - dx, page.height - (top - dy))

    rows = tuple(tuple(" ".join((cell or "").split()) for cell in row) for row in found.extract())
    return _Table(rect(found.bbox), rows, tuple(rect(row.bbox) for row in found.rows))


def _crop_offset(plumbed: Any, page: RawPage) -> tuple[float, float]:
    if page.rotation or plumbed.cropbox == plumbed.mediabox:
        return 0.0, 0.0
    media, crop = plumbed.mediabox, plumbed.cropbox
    return crop[0] - media[0], media[3] - crop[3]


def _is_table(table: _Table) -> bool:
    """A frame around text is no table: it takes two rows and two columns, half of the cells filled."""
    filled = [[bool(cell) for cell in row] for row in table.rows]
    rows = sum(any(row) for row in filled)
    columns = sum(any(column) for column in zip(*filled, strict=True)) if filled else 0
    cells = sum(len(row) for row in filled)
    return rows >= 2 and columns >= 2 and sum(map(sum, filled)) * 3 >= cells


def _replaced(lines: Sequence[PageLine], tables: Sequence[_Table]) -> tuple[PageLine, ...]:
    made: list[PageLine] = []
    placed: set[int] = set()
    for line in lines:
        inside = next((index for index, table in enumerate(tables) if _is_inside(line.rect, table.rect)), None)
        if inside is None:
            made.append(line)
        elif inside not in placed:
            placed.add(inside)
            made.extend(_table_lines(tables[inside]))
    return tuple(made)


def _is_inside(rect: Rect, area: Rect) -> bool:
    across, up = (rect.left + rect.right) / 2, (rect.bottom + rect.top) / 2
    return area.left <= across <= area.right and area.bottom <= up <= area.top


def _table_lines(table: _Table) -> list[PageLine]:
    full = [(row, rect) for row, rect in zip(table.rows, table.row_rects, strict=True) if any(row)]
    rects = [full[0][1], *(rect for _, rect in full)]  # the rule below the header stands at the header
    texts = table_lines([row for row, _ in full])
    return [
        PageLine(text=text, rect=rect, kind="table", starts_block=index == 0)
        for index, (text, rect) in enumerate(zip(texts, rects, strict=True))
    ]
