"""Pages as pictures: highlights tint what they cover, leave the ink dark, and lie where the words are."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from app.domain import Rect
from app.errors import UnreadableDocument
from ingest.parse.dispatch import parse
from ingest.parse.page_image import MOST_PIXELS, render_page
from tests.ingest.parse.conftest import NO_OCR, WITH_OCR, pdf_of
from tests.ingest.parse.test_ocr import page_picture

TINT = (0xFF, 0xE9, 0xA8)


def rendered(path: Path, number: int = 1, *highlights: Rect, width_px: int = 1190, password: str = "") -> np.ndarray:
    passwords = (password,) if password else ()
    png = render_page(path, number, passwords=passwords, width_px=width_px, highlights=highlights)
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB"))


def is_tint(pixels: np.ndarray) -> np.ndarray:
    return (pixels == TINT).all(axis=-1)


def test_a_highlight_tints_what_it_covers_and_nothing_else(tmp_path: Path) -> None:
    path = pdf_of(tmp_path / "a.pdf", [[(72, 100, "Far below.")]])
    pixels = rendered(path, 1, Rect(100, 600, 200, 620))
    height, width = pixels.shape[:2]
    scale = width / 595.2756
    inside = is_tint(pixels)
    rows, columns = np.nonzero(inside)
    assert width == 1190
    assert (columns.min(), columns.max() + 1) == pytest.approx((100 * scale, 200 * scale), abs=1)
    assert (height - rows.max() - 1, height - rows.min()) == pytest.approx((600 * scale, 620 * scale), abs=1)
    assert inside.sum() == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_rectangles_of_a_parsed_page_cover_its_ink(tmp_path: Path, turn: int) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(500, 300))
    canvas.setPageRotation(turn)
    canvas.drawString(80, 200, "The words of the only line of this page")
    canvas.save()
    (page,) = parse(tmp_path / "a.pdf", "a.pdf", NO_OCR).pages
    rects = page.rects(page.start, page.end)
    plain, marked = (rendered(tmp_path / "a.pdf", 1, *found, width_px=1000) for found in ((), rects))
    ink = plain.mean(axis=-1) < 100
    changed = (plain != marked).any(axis=-1)
    (rows, columns), (marked_rows, marked_columns) = np.nonzero(ink), np.nonzero(changed)
    assert ink.sum() > 100
    assert marked_rows.min() - 3 <= rows.min() <= rows.max() <= marked_rows.max() + 3
    assert marked_columns.min() - 3 <= columns.min() <= columns.max() <= marked_columns.max() + 3
    assert changed.sum() < changed.size / 10
    assert marked[ink].max() <= plain[ink].max()  # ink stays as dark as it was


@pytest.mark.parametrize("degrees", [0, 180, 94])
def test_the_rectangles_that_ocr_gives_cover_its_words_on_the_frame(tmp_path: Path, degrees: int) -> None:
    shown = page_picture().rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    page_picture(("Another page",)).save(tmp_path / "a.tiff", save_all=True, append_images=[shown])
    _, page = parse(tmp_path / "a.tiff", "a.tiff", WITH_OCR).pages
    pixels = rendered(tmp_path / "a.tiff", 2, *page.rects(page.start, page.end), width_px=shown.width)
    ink = np.asarray(shown) < 100
    covered = (pixels != np.asarray(shown.convert("RGB"))).any(axis=-1) | (pixels.max(axis=-1) < 100)
    assert covered[ink].mean() > 0.98
    around = np.asarray(shown) > 250
    assert is_tint(pixels)[around].mean() < 0.6


def test_a_page_is_no_larger_than_the_limit(tmp_path: Path) -> None:
    pixels = rendered(pdf_of(tmp_path / "a.pdf", [[(72, 700, "Words")]]), width_px=100_000)
    assert MOST_PIXELS * 0.98 < pixels.shape[0] * pixels.shape[1] < MOST_PIXELS * 1.01


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_page_that_does_not_exist_is_refused(tmp_path: Path, number: int) -> None:
    path = pdf_of(tmp_path / "a.pdf", [[(72, 700, "One")], [(72, 700, "Two")]])
    page_picture().save(tmp_path / "a.tiff", save_all=True, append_images=[page_picture()])
    for found in (path, tmp_path / "a.tiff"):
        with pytest.raises(UnreadableDocument, match=f"There is no page {number}; the document has 2") as refused:
            rendered(found, number)
        assert refused.value.page_no == number


def test_a_protected_page_needs_its_password(tmp_path: Path) -> None:
    path = pdf_of(tmp_path / "a.pdf", [[(72, 700, "Secret")]], password="1234")
    with pytest.raises(UnreadableDocument, match="a password is needed"):
        rendered(path)
    assert rendered(path, password="1234").shape[1] == 1190


def test_a_file_that_has_no_pages_to_draw_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Only words.")
    with pytest.raises(UnreadableDocument, match="damaged picture"):
        rendered(tmp_path / "a.txt")
