"""Pictures of text, read by OCR: one page per frame."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.detect import MediaType
from ingest.parse.layout import PageLines, compose
from ingest.parse.ocr import ocr_lines
from ingest.parse.options import ParseOptions, Report

# A4 at 600 dpi is 35 million pixels; ten times that is a map or an attack.
MOST_PIXELS: Final = 350_000_000


def parse_image(path: Path, name: str, media_type: MediaType, options: ParseOptions, report: Report) -> ParsedDocument:
    """One page per frame, one pixel as one point. Raises UnreadableDocument without OCR or without text."""
    if options.ocr.engine == "off":
        raise UnreadableDocument(
            f"{name} is a picture and OCR is switched off; set ocr.engine to auto and add it again."
        )
    try:
        pages = _read_frames(path, name, options, report)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise UnreadableDocument(f"{name} is a damaged picture; add an intact copy.") from exc
    if not any(page.lines for page in pages):
        raise UnreadableDocument(f"{name} is a picture in which no text was found; scan it larger or sharper.")
    text, spans = compose(pages)
    return ParsedDocument(text=text, media_type=media_type, pages=spans)


def _read_frames(path: Path, name: str, options: ParseOptions, report: Report) -> list[PageLines]:
    with Image.open(path) as image:
        if image.width * image.height > MOST_PIXELS:
            raise UnreadableDocument(
                f"{name} has {image.width} × {image.height} pixels; save it smaller and add it again."
            )
        frames = getattr(image, "n_frames", 1)
        if frames > options.limits.pages:
            raise UnreadableDocument(
                f"{name} has {frames} pages, more than the limit of {options.limits.pages}; "
                "split it or raise limits.pages."
            )
        pages = []
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            report(number, frames)
            pages.append(_read_frame(frame))
        return pages


def _read_frame(frame: Image.Image) -> PageLines:
    upright = ImageOps.exif_transpose(frame)
    return PageLines(
        width=float(upright.width),
        height=float(upright.height),
        lines=ocr_lines(upright, points_per_pixel=1.0),
    )
