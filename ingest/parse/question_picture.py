"""A picture that somebody gives with a question: written anew, small and without what its camera noted, and read.

Only the pixels go on. A file that is more than a picture (with code behind it, places, names of people) ends here.
"""

import io
from pathlib import Path
from typing import Final

from PIL import Image

from app.domain import Picture
from app.errors import UnreadableDocument
from app.settings import OcrSettings
from ingest.parse.image import upright_frame
from ingest.parse.layout import compose
from ingest.parse.ocr import ocr_picture

FORMATS: Final = ("PNG", "JPEG", "WEBP")
# Models that take pictures make them as small, or smaller.
LONGEST_PX: Final = 1_536
# Drawings and screenshots stay below as PNG, photographs do not.
MOST_PNG_BYTES: Final = 1 << 20
JPEG_QUALITY: Final = 85
NAME: Final = "The picture"


def look_at_picture(path: Path, settings: OcrSettings) -> Picture:
    """The first frame, and what is read in it at its full size.

    Raises UnreadableDocument for what is damaged, of another format or too large; EngineUnavailable where OCR was
    asked for and cannot run.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            upright = upright_frame(image, NAME)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise UnreadableDocument(
            f"{NAME} is damaged, or none that can be taken; send a PNG, JPEG or WebP picture."
        ) from exc
    text = None if settings.engine == "off" else _read(upright, settings)
    return Picture(_write(upright), text)


def _read(picture: Image.Image, settings: OcrSettings) -> str:
    page = ocr_picture(picture, float(picture.width), float(picture.height), settings)
    return compose([page])[0].strip() if page.lines else ""


def _write(picture: Image.Image) -> bytes:
    """The pixels alone, in a new file."""
    scale = min(1.0, LONGEST_PX / max(picture.size))
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    clean = Image.new(picture.mode, size)
    clean.paste(picture.resize(size, Image.Resampling.LANCZOS) if scale < 1 else picture)
    as_png = _encode(clean, "PNG", optimize=True)
    return as_png if len(as_png) <= MOST_PNG_BYTES else _encode(clean, "JPEG", quality=JPEG_QUALITY)


def _encode(picture: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()
