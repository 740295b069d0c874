"""Pictures of text, read by OCR: one page per frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.detect import MediaType
from ingest.parse.layout import PageLines, compose
from ingest.parse.ocr import ocr_picture
from ingest.parse.options import ParseOptions, Report
from ingest.parse.page_warnings import list_warnings

# A4 at 600 dpi is 35 million pixels. A frame is held three times over while it is turned and read, in colour.
MOST_PIXELS: Final = 100_000_000


def parse_image(path: Path, name: str, media_type: MediaType, options: ParseOptions, report: Report) -> ParsedDocument:
    """One page per frame, one pixel as one point. Raises UnreadableDocument without OCR or without text."""
    if options.ocr.engine == "off":
        raise UnreadableDocument(
            f"{name} is a picture and OCR is switched off; set ocr.engine to auto and add it again."
        )
    with open_picture(path, name) as image:
        pages = list(_read_frames(image, name, options, report))
    if not any(page.lines for page in pages):
        raise UnreadableDocument(f"{name} is a picture in which no text was found; scan it larger or sharper.")
    text, spans = compose(pages)
    empty = [number for number, page in enumerate(pages, start=1) if not page.lines]
    return ParsedDocument(
        text=text,
        media_type=media_type,
        pages=spans,
        warnings=list_warnings(pages, empty=empty, ocr_is_off=False),
    )


@contextmanager
def open_picture(path: Path, name: str) -> Iterator[Image.Image]:
    """Raises UnreadableDocument for a picture that is damaged, here or while it is read."""
    try:
        with Image.open(path) as image:
            yield image
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise UnreadableDocument(f"{name} is a damaged picture; add an intact copy.") from exc


def upright_frame(frame: Image.Image, name: str) -> Image.Image:
    """The frame as it is displayed: turned as its camera noted, on white where it is transparent, in colour or grey.

    Raises UnreadableDocument, before any pixel is unpacked, for one beyond MOST_PIXELS.
    """
    if frame.width * frame.height > MOST_PIXELS:
        raise UnreadableDocument(f"{name} has {frame.width} × {frame.height} pixels; save it smaller and add it again.")
    upright = ImageOps.exif_transpose(frame)
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)
    if upright.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        return upright.convert("F").point(lambda shade: shade / 256).convert("L")
    return upright.convert("L" if upright.mode in ("1", "L") else "RGB")


def _read_frames(image: Image.Image, name: str, options: ParseOptions, report: Report) -> Iterator[PageLines]:
    frames = getattr(image, "n_frames", 1)
    if frames > options.limits.pages:
        raise UnreadableDocument(
            f"{name} has {frames} pages, more than the limit of {options.limits.pages}; split it or raise limits.pages."
        )
    for index, frame in enumerate(ImageSequence.Iterator(image)):
        report(index, frames)
        upright = upright_frame(frame, name)
        yield ocr_picture(upright, float(upright.width), float(upright.height), options.ocr)
