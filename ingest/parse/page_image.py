"""A page as a picture, with passages marked as by a highlighter pen."""

import io
from collections.abc import Sequence
from math import ceil, floor
from pathlib import Path
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from PIL import Image, ImageChops, ImageDraw

from app.domain import Rect
from app.errors import UnreadableDocument
from ingest.parse.image import open_picture, upright_frame
from ingest.parse.pdf_open import open_pdf, render, scale_within
from ingest.parse.pdf_read import PDFIUM_LOCK

HIGHLIGHT: Final = "#FFE9A8"
MOST_PIXELS: Final = 16_000_000
# What messages call it: the name that people know is not at hand here.
NAME: Final = "The document"


def render_page(
    path: Path, number: int, *, passwords: Sequence[str], width_px: int, highlights: Sequence[Rect]
) -> bytes:
    """A page (1-based) of a PDF, or a frame of a picture, as PNG: so wide, or as wide as MOST_PIXELS allow.

    `highlights` are rectangles as `Page.rects` gives them. Their colour is multiplied with the page's, so that ink
    stays as dark as it is. Raises UnreadableDocument where there is no such page or it cannot be drawn.
    """
    with path.open("rb") as file:
        is_pdf = b"%PDF-" in file.read(1024)
    draw = _draw_pdf if is_pdf else _draw_frame
    page, points_wide = draw(path, number, passwords, width_px)
    marked = _marked(page, highlights, page.width / points_wide)
    stream = io.BytesIO()
    marked.save(stream, "PNG")
    return stream.getvalue()


def _draw_pdf(path: Path, number: int, passwords: Sequence[str], width_px: int) -> tuple[Image.Image, float]:
    """The page, and its width in points."""
    with open_pdf(path, NAME, passwords) as pdf:
        if not 1 <= number <= len(pdf):
            raise _no_such_page(number, len(pdf))
        try:
            with PDFIUM_LOCK:
                width, height = pdf.get_page_size(number - 1)
            scale = min(width_px / max(width, 1.0), scale_within(MOST_PIXELS, width, height))
            return render(pdf, number - 1, scale).convert("RGB"), width
        except pdfium.PdfiumError as exc:
            raise UnreadableDocument(f"Page {number} cannot be drawn; the PDF is broken.", page_no=number) from exc


def _draw_frame(path: Path, number: int, _passwords: Sequence[str], width_px: int) -> tuple[Image.Image, float]:
    """The frame, and its width in pixels, which are its points."""
    with open_picture(path, NAME) as image:
        frames = getattr(image, "n_frames", 1)
        if not 1 <= number <= frames:
            raise _no_such_page(number, frames)
        image.seek(number - 1)
        upright = upright_frame(image, NAME).convert("RGB")
    scale = min(width_px / upright.width, scale_within(MOST_PIXELS, upright.width, upright.height))
    size = max(round(upright.width * scale), 1), max(round(upright.height * scale), 1)
    return upright.resize(size, Image.Resampling.LANCZOS), float(upright.width)


def _no_such_page(number: int, pages: int) -> UnreadableDocument:
    return UnreadableDocument(f"There is no page {number}; the document has {pages}.", page_no=number)


def _marked(page: Image.Image, highlights: Sequence[Rect], pixels_per_point: float) -> Image.Image:
    pen = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(pen)
    for rect in highlights:
        left, right = floor(rect.left * pixels_per_point), ceil(rect.right * pixels_per_point)
        top, bottom = (page.height - edge * pixels_per_point for edge in (rect.top, rect.bottom))
        if left < right and top < bottom:
            draw.rectangle((left, floor(top), right - 1, ceil(bottom) - 1), fill=HIGHLIGHT)
    return ImageChops.multiply(page, pen)
