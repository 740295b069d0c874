"""Which way up a scan is: slight skew from its pixels, quarter turns from how well an engine reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from ingest.parse.ocr.seen import LOW_CONFIDENCE, OcrEngine, SeenWord, mean_confidence, weight

MOST_SKEW: Final = 10.0
SKEW_STEP: Final = 0.5
# Engines read lines that lean less than this as well as level ones.
LEAST_SKEW: Final = 0.75
SKEW_PIXELS: Final = 700
# Level lines of print against the best wrong angle; textures and photographs stay below.
LEAST_GAIN: Final = 1.25


@dataclass(frozen=True, slots=True)
class Upright:
    """What was read, on the picture turned counter-clockwise by so many degrees."""

    turned: float
    words: tuple[SeenWord, ...]


def read_upright(picture: Image.Image, engine: OcrEngine, min_confidence: float) -> Upright:
    """Read the picture the right way up. Only one that reads badly as it stands is turned and read again."""
    skew = find_skew(picture)
    best = Upright(skew, tuple(engine.read(turned(picture, skew))))
    for quarter in _quarters_to_try(best.words):
        seen = Upright(skew + quarter, tuple(engine.read(turned(picture, skew + quarter))))
        if weight(seen.words, min_confidence) > weight(best.words, min_confidence):
            best = seen
        if _is_upright(best.words):
            break
    return best


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """The picture turned counter-clockwise, its new corners white; quarter turns lose nothing."""
    if degrees % 90 == 0:
        return picture.rotate(degrees, expand=True)
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def _is_upright(words: Sequence[SeenWord]) -> bool:
    return _share_lying(words) > 0.5 and mean_confidence(words) >= LOW_CONFIDENCE


def _quarters_to_try(words: Sequence[SeenWord]) -> tuple[int, ...]:
    if not words or _is_upright(words):
        return ()
    return (180, 90, 270) if _share_lying(words) > 0.5 else (90, 270, 180)


def _share_lying(words: Sequence[SeenWord]) -> float:
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) for word in words if word.lies) / letters if letters else 0.0


def find_skew(picture: Image.Image) -> float:
    """By how many degrees to turn the picture, counter-clockwise, until its lines lie (or stand) level; often 0.

    Rows of print and the white between them differ most when the lines are level: that is tried for every angle.
    """
    small = picture.convert("L")
    small.thumbnail((SKEW_PIXELS, SKEW_PIXELS))
    ink = _ink(small)
    angles = np.arange(-MOST_SKEW, MOST_SKEW + SKEW_STEP, SKEW_STEP)
    contrasts = np.array([_contrasts(ink, float(angle)) for angle in angles])
    by_angle = contrasts[:, int(contrasts.max(axis=0).argmax())]
    best, level = float(by_angle.max()), float(by_angle[len(angles) // 2])
    angle = float(angles[int(by_angle.argmax())])
    is_edge = abs(angle) >= MOST_SKEW
    return angle if abs(angle) >= LEAST_SKEW and not is_edge and best > level * LEAST_GAIN else 0.0


def _ink(small: Image.Image) -> Image.Image:
    """Dark marks white on black, so that what turning adds at the corners counts as no ink."""
    pixels = np.asarray(small, dtype=np.float32)
    dark = pixels < (pixels.mean() - pixels.std() / 2)
    return Image.fromarray((dark * 255).astype(np.uint8))


def _contrasts(ink: Image.Image, angle: float) -> tuple[float, float]:
    """How much neighbouring rows differ in ink, and neighbouring columns."""
    pixels = np.asarray(ink.rotate(angle, Image.Resampling.BILINEAR), dtype=np.float32)
    rows, columns = pixels.mean(axis=1), pixels.mean(axis=0)
    return float(np.square(np.diff(rows)).sum()), float(np.square(np.diff(columns)).sum())
