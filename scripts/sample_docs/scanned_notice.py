"""A notice as it comes off an office scanner: one grey picture, a little askew, with no text in it."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
from page_layout import lay_out
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate
from text_blocks import parse_blocks

RESOLUTION_DPI = 200
SKEW_DEGREES = 0.7
NOISE_LEVELS = 5
JPEG_QUALITY = 55
MARGIN = 24 * mm
SEED = 7


def write_scanned_notice(source: Path, target: Path) -> None:
    scan = _age(_render(_set_page(source.read_text("utf-8"))))
    jpeg = BytesIO()
    scan.save(jpeg, "JPEG", quality=JPEG_QUALITY, dpi=(RESOLUTION_DPI, RESOLUTION_DPI))
    canvas = Canvas(str(target), pagesize=A4, invariant=1)
    canvas.setTitle("Scan 2026-02-26")
    canvas.setAuthor("Scanner gatehouse Osnabrück")
    canvas.drawImage(ImageReader(BytesIO(jpeg.getvalue())), 0, 0, *A4)
    canvas.save()


def _set_page(text: str) -> bytes:
    page = BytesIO()
    document = SimpleDocTemplate(page, pagesize=A4, invariant=1, leftMargin=MARGIN, rightMargin=MARGIN)
    document.build(list(lay_out(parse_blocks(text), A4[0] - 2 * MARGIN)))
    return page.getvalue()


def _render(pdf: bytes) -> Image.Image:
    document = pdfium.PdfDocument(pdf)
    picture: Image.Image = document[0].render(scale=RESOLUTION_DPI / 72, grayscale=True).to_pil()
    document.close()
    return picture


def _age(picture: Image.Image) -> Image.Image:
    askew = picture.rotate(SKEW_DEGREES, Image.Resampling.BICUBIC, fillcolor=255)
    noise = np.random.default_rng(SEED).normal(0, NOISE_LEVELS, (askew.height, askew.width))
    # Scanned paper is never quite white nor its ink quite black.
    grey = 18 + np.asarray(askew, dtype=float) * 0.9 + noise
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
