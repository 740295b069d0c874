"""OCR: scans and pictures, by both engines, any way up, with nothing downloaded."""

import io
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.errors import EngineUnavailable, UnreadableDocument
from app.settings import OcrSettings
from ingest.parse.dispatch import parse
from ingest.parse.layout import PageLines, compose
from ingest.parse.ocr import ocr_picture, tesseract
from ingest.parse.ocr.orientation import find_skew
from tests.ingest.parse.conftest import WITH_OCR, Parse
from tests.ingest.parse.conftest import options as make_options
from tests.ingest.parse.test_fidelity import word_f1

Engine = Literal["tesseract", "rapidocr"]
TEXT = "Docling bundles PDF document conversion to\nJSON and Markdown in an easy self contained\npackage"
LINES = (
    "The harbour office measured 4,711 crates",
    "of recycled glass before the winter of 1987",
    "and delivered a report on the flood barrier",
    "to the regional council in Freiburg. Nobody",
    "objected, although the night shift had asked",
    "for a new timetable and better ventilation.",
)


@pytest.fixture(params=["tesseract", "rapidocr"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "tesseract":
        need_tesseract()
    return request.param


def need_tesseract(*languages: str) -> None:
    if len(tesseract.installed_codes(languages or ("en",))) < max(len(languages), 1):
        pytest.skip(f"OCR BY TESSERACT NOT TESTED: it or its data for {languages} is not installed (apt-packages.txt)")


def settings(engine: str, **changes: object) -> OcrSettings:
    known = {"engine": engine, "languages": ("en", "de"), "dpi": 150, "min_confidence": 0.6}
    return OcrSettings.model_validate(known | changes)


def picture(text: str) -> Image.Image:
    image = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(image).text((60, 100), text, fill="black", font=ImageFont.load_default(size=48))
    return image


def page_picture(lines: tuple[str, ...] = LINES, font: str = "") -> Image.Image:
    image = Image.new("L", (1000, 700), "white")
    draw = ImageDraw.Draw(image)
    letters = ImageFont.truetype(font, 36) if font else ImageFont.load_default(size=36)
    for number, line in enumerate(lines):
        draw.text((80, 100 + 60 * number), line, fill="black", font=letters)
    return image


def png(image: Image.Image, **extra: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", **extra)
    return stream.getvalue()


def read(image: Image.Image, engine: str, **changes: object) -> PageLines:
    return ocr_picture(image, float(image.width), float(image.height), settings(engine, **changes))


def words_of(page: PageLines) -> str:
    return " ".join(line.text for line in page.lines)


# --- pictures as documents -----------------------------------------------------------------------------


def test_a_picture_is_a_page_with_positions(parsed: Parse, engine: Engine) -> None:
    document = parsed("a.png", png(picture("Invoice number 4711")), make_options(engine))
    assert document.text == "Invoice number 4711"
    (page,) = document.pages
    assert (page.width, page.height) == (900, 300)
    assert page.lines[0].rect.left == pytest.approx(60, abs=15)
    assert 130 < page.lines[0].rect.bottom < page.lines[0].rect.top < 210
    assert page.ocr_confidence is not None
    assert 0.85 < page.ocr_confidence <= 1


def test_a_picture_without_text_says_so(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="no text was found"):
        parsed("a.png", png(Image.new("RGB", (200, 200), "white")), WITH_OCR)


def test_a_picture_with_ocr_off_says_so(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="OCR is switched off"):
        parsed("a.png", png(picture("Words")))


def test_a_damaged_picture_says_so(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="is a damaged picture"):
        parsed("a.png", png(picture("Invoice number 4711"))[:600], WITH_OCR)


@pytest.mark.filterwarnings("ignore:Image size")
def test_a_picture_of_too_many_pixels_is_refused(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="12000 × 10000 pixels"):
        parsed("a.png", png(Image.new("1", (12_000, 10_000))), WITH_OCR)


def test_black_text_on_a_transparent_ground_is_read(parsed: Parse) -> None:
    image = Image.new("RGBA", (900, 300), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((60, 100), "Invoice number", fill="black", font=ImageFont.load_default(size=48))
    assert parsed("a.png", png(image), WITH_OCR).text == "Invoice number"


def test_sixteen_bits_of_grey_are_read(parsed: Parse) -> None:
    grey = np.asarray(picture("Invoice number").convert("L"), dtype=np.uint16) * 257
    assert parsed("a.png", png(Image.fromarray(grey)), WITH_OCR).text == "Invoice number"


def test_a_camera_s_note_of_which_way_is_up_is_obeyed(parsed: Parse) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by a quarter
    document = parsed("a.png", png(picture("Invoice number").rotate(90, expand=True), exif=exif), WITH_OCR)
    assert document.text == "Invoice number"
    assert (document.pages[0].width, document.pages[0].height) == (900, 300)


def test_every_frame_is_a_page_and_is_reported(tmp_path: Path) -> None:
    frames = [picture(f"Page of number {word}") for word in ("one", "two", "three")]
    frames[0].save(tmp_path / "a.tiff", save_all=True, append_images=frames[1:])
    seen: list[tuple[int, int]] = []
    document = parse(tmp_path / "a.tiff", "a.tiff", WITH_OCR, lambda done, total: seen.append((done, total)))
    assert [document.text[page.start : page.end] for page in document.pages] == [
        "Page of number one",
        "Page of number two",
        "Page of number three",
    ]
    assert seen[:3] == [(0, 3), (1, 3), (2, 3)]


def test_a_frame_without_text_is_named(tmp_path: Path) -> None:
    empty = Image.new("RGB", (900, 300), "white")
    picture("Some words").save(tmp_path / "a.tiff", save_all=True, append_images=[empty])
    document = parse(tmp_path / "a.tiff", "a.tiff", WITH_OCR)
    assert document.warnings == ("On 1 of the pages no text was found (2).",)


# --- scanned pages of a PDF ------------------------------------------------------------------------------


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
    assert [found.ocr_confidence is None for found in document.pages] == [True, False, True]
    assert document.warnings == ("On 1 of the pages no text was found (3).",)


def test_a_real_scan_is_read(fixtures: Path, engine: Engine) -> None:
    assert parse(fixtures / "parsers/ocr/ocr_test.pdf", "scan.pdf", make_options(engine)).text == TEXT


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_real_scan_reads_the_same_any_way_up(fixtures: Path, engine: Engine, degrees: int) -> None:
    path = fixtures / f"parsers/ocr/ocr_test_rotated_{degrees}.pdf"
    assert parse(path, path.name, make_options(engine)).text == TEXT


def test_real_pages_turned_otherwise_than_they_say_are_read(fixtures: Path) -> None:
    path = fixtures / "parsers/ocr/sample_with_rotation_mismatch.pdf"
    assert (
        "Permit me to introduce you to the facility of facsimile\ntransmission." in parse(path, "a.pdf", WITH_OCR).text
    )


def test_the_columns_of_a_real_newspaper_are_read_one_after_the_other(fixtures: Path, engine: Engine) -> None:
    with Image.open(fixtures / "parsers/ocr/old_newspaper.png") as newspaper:
        columns = newspaper.crop((80, 130, 1120, 400)).convert("RGB")
    text, _ = compose([read(columns, engine)])
    assert "last week with the arrival of its 48 participants" in " ".join(text.split())


# --- which way is up --------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 4, -3, 183])
def test_a_page_is_read_any_way_up_and_placed_as_displayed(engine: Engine, degrees: int) -> None:
    shown = page_picture().rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    found = read(shown, engine)
    assert word_f1(words_of(found), " ".join(LINES)) >= 0.9
    assert words_of(found).startswith("The harbour office")
    text, (page,) = compose([found])
    upright = page_picture()
    for line in page.lines[:1]:
        # The centre of the first line, turned as the picture was.
        ink = np.argwhere(np.asarray(upright)[100:150] < 128)
        expected = np.array([ink[:, 1].mean(), 100 + ink[:, 0].mean()]) - [upright.width / 2, upright.height / 2]
        angle = np.radians(degrees)
        across = expected[0] * np.cos(angle) + expected[1] * np.sin(angle) + shown.width / 2
        down = -expected[0] * np.sin(angle) + expected[1] * np.cos(angle) + shown.height / 2
        assert (line.rect.left + line.rect.right) / 2 == pytest.approx(across, abs=15)
        assert shown.height - (line.rect.bottom + line.rect.top) / 2 == pytest.approx(down, abs=15)
        assert text[line.start : line.end].startswith("The harbour")


@pytest.mark.parametrize("degrees", [-6.0, -1.5, 0.0, 2.0, 5.0])
def test_skew_is_measured(degrees: float) -> None:
    leaning = page_picture().rotate(degrees, Image.Resampling.BICUBIC, fillcolor="white")
    assert find_skew(leaning) == pytest.approx(-degrees, abs=0.75)


def test_a_texture_has_no_skew() -> None:
    noise = np.random.default_rng(7).integers(0, 255, (800, 600), dtype=np.uint8)
    assert find_skew(Image.fromarray(noise)) == 0


# --- engines and confidence -------------------------------------------------------------------------------


def test_umlauts_are_read_where_their_language_is_installed() -> None:
    need_tesseract("en", "de")
    page = page_picture(("Die Größe der Wörter", "ist überall gleich."), font="DejaVuSans.ttf")
    assert words_of(read(page, "tesseract")) == "Die Größe der Wörter ist überall gleich."


def test_a_language_without_data_is_left_out() -> None:
    need_tesseract("en")
    assert "harbour" in words_of(read(page_picture(), "tesseract", languages=("en", "xx")))


def test_tesseract_without_any_of_the_languages_says_what_to_install() -> None:
    with pytest.raises(EngineUnavailable, match="tesseract-ocr-LANGUAGE"):
        read(page_picture(), "tesseract", languages=("xx",))


def test_auto_falls_back_on_rapidocr_where_tesseract_lacks_the_languages() -> None:
    assert "harbour" in words_of(read(page_picture(), "auto", languages=("xx",)))


def test_auto_has_a_page_that_tesseract_cannot_read_read_by_rapidocr() -> None:
    need_tesseract("en")
    noise = np.random.default_rng(7).normal(0, 90, (700, 1000))
    noisy = Image.fromarray(np.clip(np.asarray(page_picture()) + noise, 0, 255).astype(np.uint8))
    assert word_f1(words_of(read(noisy, "tesseract")), " ".join(LINES)) < 0.5
    assert word_f1(words_of(read(noisy, "auto")), " ".join(LINES)) > 0.9


def test_words_that_are_not_sure_enough_are_left_out(engine: Engine) -> None:
    blurred = page_picture().filter(ImageFilter.GaussianBlur(2))
    kept = words_of(read(blurred, engine, min_confidence=0.999))
    assert len(kept) < len(words_of(read(blurred, engine, min_confidence=0.0)))


def test_a_page_that_was_hard_to_read_is_named(tmp_path: Path) -> None:
    need_tesseract("en")
    hard = page_picture().filter(ImageFilter.GaussianBlur(5))
    page_picture().save(tmp_path / "a.tiff", save_all=True, append_images=[hard])
    document = parse(tmp_path / "a.tiff", "a.tiff", make_options("tesseract"))
    assert len(document.warnings) == 1
    assert document.warnings[0].startswith(("1 of the pages were hard to read", "On 1 of the pages no text"))
    assert "(2)" in document.warnings[0]
