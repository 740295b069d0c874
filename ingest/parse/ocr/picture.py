"""From a picture to a page of lines: choose the engine, read it the right way up, keep the words that are sure."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np
from PIL import Image

from app.domain import Rect
from app.errors import EngineUnavailable
from app.settings import OcrSettings
from ingest.parse.layout import PageLine, PageLines
from ingest.parse.ocr.orientation import Upright, read_upright
from ingest.parse.ocr.rapidocr import RapidOcr
from ingest.parse.ocr.seen import LOW_CONFIDENCE, OcrEngine, SeenWord, mean_confidence, weight
from ingest.parse.ocr.tesseract import Tesseract, installed_codes

# Of 255 shades of grey; a page of one colour is not worth an engine's second.
LEAST_CONTRAST: Final = 16


def ocr_picture(picture: Image.Image, width: float, height: float, settings: OcrSettings) -> PageLines:
    """The text of a picture that shows a page of this size in points, in reading order.

    `ocr_confidence` is the mean over all words seen, so that it falls with every word that was not sure enough to keep.
    Sizes of lines are 0 (unknown): boxes around ink are too rough to tell headings by.
    Raises EngineUnavailable where the engine asked for cannot run.
    """
    upright = _read(picture, settings) if _has_contrast(picture) else Upright(0.0, ())
    sure = [word for word in upright.words if word.confidence >= settings.min_confidence]
    return PageLines(
        width=width,
        height=height,
        lines=tuple(_lines(sure, width / picture.width)),
        turned=upright.turned,
        ocr_confidence=mean_confidence(upright.words) if sure else None,
    )


def _has_contrast(picture: Image.Image) -> bool:
    shades = np.asarray(picture.convert("L"))
    return int(shades.max()) - int(shades.min()) > LEAST_CONTRAST


def _read(picture: Image.Image, settings: OcrSettings) -> Upright:
    engines = _engines(settings)
    best = Upright(0.0, ())
    for engine in engines:
        seen = read_upright(picture, engine, settings.min_confidence)
        if weight(seen.words, settings.min_confidence) > weight(best.words, settings.min_confidence):
            best = seen
        if mean_confidence(best.words) >= LOW_CONFIDENCE:
            break
    return best


def _engines(settings: OcrSettings) -> tuple[OcrEngine, ...]:
    """The engines to ask, the next only about a page that the one before read badly."""
    if settings.engine == "rapidocr":
        return (RapidOcr(),)
    codes = installed_codes(settings.languages)
    if settings.engine == "tesseract" and not codes:
        languages = ", ".join(settings.languages)
        raise EngineUnavailable(
            f"tesseract, or its data for {languages}, is not installed; install both (on Debian tesseract-ocr and "
            "tesseract-ocr-LANGUAGE), or set ocr.engine to auto."
        )
    if settings.engine == "tesseract":
        return (Tesseract(codes),)
    # On noisy and blurred scans RapidOCR finds what tesseract does not (word F1 0.99 against 0.36); it is slower.
    return (Tesseract(codes), RapidOcr()) if codes else (RapidOcr(),)


def _lines(words: Sequence[SeenWord], points_per_pixel: float) -> Iterator[PageLine]:
    for _, found in groupby(words, key=lambda word: word.line):
        line = list(found)
        rect = Rect(
            left=min(word.rect.left for word in line) * points_per_pixel,
            bottom=min(word.rect.bottom for word in line) * points_per_pixel,
            right=max(word.rect.right for word in line) * points_per_pixel,
            top=max(word.rect.top for word in line) * points_per_pixel,
        )
        yield PageLine(text=" ".join(word.text for word in line), rect=rect)
