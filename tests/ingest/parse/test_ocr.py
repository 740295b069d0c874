"""OCR: scans and pictures, with nothing downloaded."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.errors import UnreadableDocument
from ingest.parse import parse
from tests.ingest.parse.conftest import WITH_OCR, Parse


def picture(text: str) -> Image.Image:
    image = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(image).text((60, 100), text, fill="black", font=ImageFont.load_default(size=48))
    return image


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_a_picture_is_a_page_with_positions(parsed: Parse) -> None:
    document = parsed("a.png", png(picture("Invoice number 4711")), WITH_OCR)
    assert document.text == "Invoice number 4711"
    (page,) = document.pages
    assert (page.width, page.height) == (900, 300)
    assert page.lines[0].rect.left == pytest.approx(60, abs=15)
    assert 130 < page.lines[0].rect.bottom < page.lines[0].rect.top < 210


def test_a_picture_without_text_says_so(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="no text was found"):
        parsed("a.png", png(Image.new("RGB", (200, 200), "white")), WITH_OCR)


def test_a_scanned_page_among_others_is_read_in_points(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(600, 400))
    canvas.drawString(50, 300, "A page with text of its own.")
    canvas.showPage()
    canvas.drawImage(ImageReader(picture("Scanned words")), 0, 100, 600, 200)
    canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 60), "grey")), 0, 0, 600, 400)
    canvas.showPage()
    canvas.save()
    document = parse(tmp_path / "a.pdf", "a.pdf", WITH_OCR)
    page = document.pages[1]
    assert document.text[page.start : page.end] == "Scanned words"
    assert page.lines[0].rect.left == pytest.approx(40, abs=10)
    assert 180 < page.lines[0].rect.bottom < page.lines[0].rect.top < 245
    assert document.warnings == ("On 1 of the pages no text was found (3).",)


def test_a_real_scan_is_read(fixtures: Path) -> None:
    text = parse(fixtures / "parsers/ocr/ocr_test.pdf", "scan.pdf", WITH_OCR).text
    assert text == "Docling bundles PDF document conversion to\nJSON and Markdown in an easy self contained\npackage"
