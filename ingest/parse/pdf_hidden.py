"""Words on a PDF page that nobody sees: drawn without ink, in the colour of the paper, too small, or beside the page.

pdfium is not thread-safe: the caller holds its lock.
"""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from app.domain import HiddenHow
from ingest.parse.hidden import Unseen

MOST_OBJECTS: Final = 20_000
DEEPEST_FORM: Final = 3
# The part of a page that pictures cover on a scan: there, text without ink is what OCR has read.
SCANNED_PART: Final = 0.6
LEAST_POINTS: Final = 2.0
# Of 255: lighter ink is hardly seen on paper, and then only where it stands on something darker.
PALE_FROM: Final = 235
LEAST_ALPHA: Final = 25
LEAST_CONTRAST: Final = 20
MOST_PIXELS: Final = 4_000_000
LONGEST: Final = 4_096

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in page coordinates."""
_Drawn = tuple[int, Any, Matrix | None]
"""The kind of an object, its handle, and the matrix of the forms around it."""
SAME: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
NOWHERE: Final[Box] = (0.0, 0.0, 0.0, 0.0)
WITHOUT_INK: Final = frozenset({raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP})
WITH_FILL: Final = frozenset({raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP})


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A text that may be hidden; a pale one is, where nothing of it is seen on the page as it is drawn."""

    how: HiddenHow
    handle: Any
    box: Box


def find_hidden(page: pdfium.PdfPage, number: int) -> list[Unseen]:
    """The hidden runs of words of one page, in the order in which they are drawn. `number` counts from 1."""
    drawn = list(_objects(page))
    look = _Look(page)
    suspects = [found for each in drawn if each[0] == raw.FPDF_PAGEOBJ_TEXT and (found := look.at(each))]
    if any(each.how is HiddenHow.INVISIBLE for each in suspects) and _is_scan(drawn, page):
        suspects = [each for each in suspects if each.how is not HiddenHow.INVISIBLE]
    if any(each.how is HiddenHow.PALE for each in suspects):
        suspects = _without_seen(suspects, page)
    if not suspects:
        return []
    text_page = page.get_textpage()
    try:
        return [Unseen(each.how, _text_of(each.handle, text_page), number) for each in suspects]
    finally:
        text_page.close()


def _objects(page: pdfium.PdfPage) -> Iterator[_Drawn]:
    handle = page.raw
    for index in range(min(raw.FPDFPage_CountObjects(handle), MOST_OBJECTS)):
        drawn = raw.FPDFPage_GetObject(handle, index)
        kind = raw.FPDFPageObj_GetType(drawn)
        yield kind, drawn, None
        if kind == raw.FPDF_PAGEOBJ_FORM:
            yield from _inside(drawn, SAME, DEEPEST_FORM)


def _inside(form: Any, around: Matrix, depth: int) -> Iterator[_Drawn]:
    matrix = _times(_matrix_of(form), around)
    for index in range(min(raw.FPDFFormObj_CountObjects(form), MOST_OBJECTS)):
        drawn = raw.FPDFFormObj_GetObject(form, index)
        kind = raw.FPDFPageObj_GetType(drawn)
        yield kind, drawn, matrix
        if kind == raw.FPDF_PAGEOBJ_FORM and depth > 1:
            yield from _inside(drawn, matrix, depth - 1)


class _Look:
    """What may be hidden of a page's texts.

    Some programs write every word by itself, 1,500 on a page: what pdfium writes into is made once, and a text's box is
    only asked for where it begins beside the page (18 ms a page before, 6.5 now).
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._size = ctypes.c_float()
        self._matrix = raw.FS_MATRIX()
        self._colour = tuple(ctypes.c_uint() for _ in range(4))

    def at(self, drawn: _Drawn) -> _Suspect | None:
        """What this text is suspected of."""
        _, handle, around = drawn
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        if mode in WITHOUT_INK:
            return _Suspect(HiddenHow.INVISIBLE, handle, NOWHERE)
        raw.FPDFTextObj_GetFontSize(handle, self._size)
        raw.FPDFPageObj_GetMatrix(handle, self._matrix)
        of_text = self._matrix
        c, d, x, y = of_text.c, of_text.d, of_text.e, of_text.f
        if around:
            _, _, c, d, x, y = _times((of_text.a, of_text.b, c, d, x, y), around)
        size = abs(self._size.value)
        if size * size * (c * c + d * d) < LEAST_POINTS * LEAST_POINTS:
            return _Suspect(HiddenHow.TINY, handle, NOWHERE)
        if not (self._left <= x <= self._right and self._bottom <= y <= self._top) and self._is_beside(_box(drawn)):
            return _Suspect(HiddenHow.OFF_PAGE, handle, NOWHERE)
        if mode in WITH_FILL and self._is_pale(handle):
            return _Suspect(HiddenHow.PALE, handle, _box(drawn))
        return None

    def _is_pale(self, handle: Any) -> bool:
        red, green, blue, alpha = self._colour
        if not raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
            return False
        if alpha.value < LEAST_ALPHA:
            return True
        return bool(red.value >= PALE_FROM and green.value >= PALE_FROM and blue.value >= PALE_FROM)

    def _is_beside(self, box: Box) -> bool:
        """Wholly outside the part of the page that is shown. What has no extent is not known to be anywhere."""
        left, bottom, right, top = box
        is_outside = right <= self._left or left >= self._right or top <= self._bottom or bottom >= self._top
        return bool(right > left and top > bottom and is_outside)


def _is_scan(drawn: Sequence[_Drawn], page: pdfium.PdfPage) -> bool:
    boxes = [_box(each) for each in drawn if each[0] == raw.FPDF_PAGEOBJ_IMAGE]
    left, bottom, right, top = page.get_bbox()
    covered = sum(
        max(0.0, min(box[2], right) - max(box[0], left)) * max(0.0, min(box[3], top) - max(box[1], bottom))
        for box in boxes
    )
    return bool(covered >= (right - left) * (top - bottom) * SCANNED_PART)


def _without_seen(suspects: Sequence[_Suspect], page: pdfium.PdfPage) -> list[_Suspect]:
    """Pale text on a dark ground is as good as dark text on paper: the picture of the page tells."""
    width, height = page.get_size()
    scale = min(1.0, (MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    picture = page.render(scale=scale, grayscale=True).to_numpy()
    grey = picture[..., 0] if picture.ndim == 3 else picture
    bitmap = _Bitmap(grey, page, scale)
    return [each for each in suspects if each.how is not HiddenHow.PALE or not bitmap.shows_something(each.box)]


class _Bitmap:
    """A page as it is drawn, without the annotations that readers add."""

    def __init__(self, grey: Any, page: pdfium.PdfPage, scale: float) -> None:
        self._grey, self._page, self._scale = grey, page, scale

    def shows_something(self, box: Box) -> bool:
        """Whether there is any difference of light where the box stands."""
        corners = [self._pixel(box[0], box[1]), self._pixel(box[2], box[3])]
        (left, right), (top, bottom) = (sorted(each) for each in zip(*corners, strict=True))
        height, width = self._grey.shape
        part = self._grey[max(top, 0) : min(bottom + 1, height), max(left, 0) : min(right + 1, width)]
        return bool(part.size) and int(np.max(part)) - int(np.min(part)) >= LEAST_CONTRAST

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        """Where a point of the page is in the picture, the page's rotation applied."""
        across, down = ctypes.c_int(), ctypes.c_int()
        height, width = self._grey.shape
        raw.FPDF_PageToDevice(self._page, 0, 0, width, height, 0, x, y, across, down)
        return across.value, down.value


def _text_of(handle: Any, text_page: pdfium.PdfTextPage) -> str:
    buffer = (ctypes.c_ushort * LONGEST)()
    length = raw.FPDFTextObj_GetText(handle, text_page, buffer, ctypes.sizeof(buffer))
    written = min(length, ctypes.sizeof(buffer))
    return bytes(buffer)[:written].decode("utf-16-le", errors="ignore").rstrip("\x00")


def _box(drawn: _Drawn) -> Box:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    _, handle, around = drawn
    if not raw.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
        return NOWHERE
    a, b, c, d, e, f = around or SAME
    corners = [(x.value, y.value) for x in (left, right) for y in (bottom, top)]
    across = [a * x + c * y + e for x, y in corners]
    up = [b * x + d * y + f for x, y in corners]
    return min(across), min(up), max(across), max(up)


def _matrix_of(handle: Any) -> Matrix:
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(handle, matrix):
        return SAME
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    """First the inner matrix, then the outer."""
    a, b, c, d, e, f = inner
    A, B, C, D, E, F = outer  # noqa: N806 - as in the PDF standard
    return a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F
