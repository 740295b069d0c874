"""OCR: the text lines of a picture. The models lie inside the rapidocr wheel; nothing is downloaded."""

from functools import cache
from threading import Lock
from typing import Any, Final

import numpy as np
from PIL import Image

from app.domain import Rect
from app.egress import silence_libraries
from ingest.parse.layout import PageLine

# Below this the engine is guessing: specks and textures read as letters (seen on scans of maps).
LEAST_CONFIDENCE: Final = 0.6
_one_at_a_time = Lock()


def ocr_lines(image: Image.Image, *, points_per_pixel: float) -> tuple[PageLine, ...]:
    """The text of a rendered page, in reading order; none gives ().

    Sizes are 0 (unknown): the boxes are too rough to tell headings by.
    """
    pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]  # the engine wants BGR
    with _one_at_a_time:
        result = _engine()(pixels)
    if result.txts is None or result.boxes is None:
        return ()
    return tuple(
        PageLine(text=text.strip(), rect=_rect(box, image.height, points_per_pixel))
        for text, score, box in zip(result.txts, result.scores, result.boxes, strict=True)
        if score >= LEAST_CONFIDENCE and text.strip()
    )


def _rect(box: Any, image_height: int, scale: float) -> Rect:
    """A box in pixels from the top as points from the bottom."""
    across, down = box[:, 0], box[:, 1]
    return Rect(
        left=float(across.min()) * scale,
        bottom=float(image_height - down.max()) * scale,
        right=float(across.max()) * scale,
        top=float(image_height - down.min()) * scale,
    )


@cache
def _engine() -> Any:
    silence_libraries()
    # Importing takes a second (OpenCV, onnxruntime) and most documents never need it.
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})
