"""Pictures of questions: only pixels go on, small, upright and read."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from app.errors import UnreadableDocument
from app.services import Services
from app.settings import OcrSettings, load_settings
from ingest.parse import image as image_module
from ingest.parse.question_picture import LONGEST_PX, MOST_PNG_BYTES, look_at_picture

NO_OCR = load_settings({"ocr": {"engine": "off"}}).ocr
WITH_OCR = load_settings({"ocr": {"engine": "rapidocr"}}).ocr
SECRET = b"GPS of the house"


def drawn(text: str = "Error 4711", size: tuple[int, int] = (700, 200)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).text((40, 60), text, fill="black", font=ImageFont.load_default(60))
    return picture


def saved(folder: Path, picture: Image.Image, format: str = "PNG", **extra: object) -> Path:
    path = folder / "sent"
    picture.save(path, format, **extra)
    return path


def opened(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_written_anew(tmp_path: Path, format: str) -> None:
    picture = look_at_picture(saved(tmp_path, drawn(), format), NO_OCR)
    assert (opened(picture.image).format, opened(picture.image).size, picture.text) == ("PNG", (700, 200), None)


def test_nothing_but_pixels_goes_on(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    path = saved(tmp_path, drawn(), "JPEG", exif=exif, comment=SECRET, icc_profile=SECRET)
    path.write_bytes(path.read_bytes() + b"<script>" + SECRET)
    assert path.read_bytes().count(SECRET) == 4
    image = look_at_picture(path, NO_OCR).image
    assert SECRET not in image
    assert not opened(image).getexif()


def test_it_is_turned_as_its_camera_noted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    assert opened(look_at_picture(saved(tmp_path, drawn(), "JPEG", exif=exif), NO_OCR).image).size == (200, 700)


def test_a_large_photograph_becomes_a_small_jpeg(tmp_path: Path) -> None:
    noise = Image.effect_noise((3000, 2000), 90).convert("RGB")
    image = look_at_picture(saved(tmp_path, noise, "JPEG"), NO_OCR).image
    assert (opened(image).format, opened(image).size) == ("JPEG", (LONGEST_PX, 1024))
    assert len(image) < 2 * MOST_PNG_BYTES


def test_what_is_no_such_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    for content in (b"%PDF-1.7", b"\x89PNG\r\n\x1a\nbroken", b""):
        path.write_bytes(content)
        with pytest.raises(UnreadableDocument, match="send a PNG, JPEG or WebP"):
            look_at_picture(path, NO_OCR)
    with pytest.raises(UnreadableDocument, match="send a PNG, JPEG or WebP"):
        look_at_picture(saved(tmp_path, drawn(), "GIF"), NO_OCR)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_module, "MOST_PIXELS", 100_000)
    with pytest.raises(UnreadableDocument, match="700 × 200 pixels"):
        look_at_picture(saved(tmp_path, drawn()), NO_OCR)


def test_its_text_is_read_in_the_sandbox(tmp_path: Path, services: Services) -> None:
    picture = services.sandbox.look(saved(tmp_path, drawn()))
    assert picture.text is not None
    assert "4711" in picture.text
    (tmp_path / "sent").write_bytes(b"\xff\xd8\xffnothing")
    with pytest.raises(UnreadableDocument, match="damaged"):
        services.sandbox.look(tmp_path / "sent")


@pytest.mark.parametrize("settings", [WITH_OCR])
def test_an_empty_picture_has_no_text(tmp_path: Path, settings: OcrSettings) -> None:
    assert look_at_picture(saved(tmp_path, Image.new("RGB", (300, 100), "white")), settings).text == ""
