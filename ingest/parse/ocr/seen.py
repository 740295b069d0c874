"""What an OCR engine saw, whichever it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from PIL import Image

from app.domain import Rect

# On a page of print that was blurred and speckled step by step, tesseract lost every tenth word at a mean of 0.88.
# Clean pages have 0.93 and more, a newspaper of 1966 has 0.91; upside down they have 0.42 (RapidOCR: 0.75).
LOW_CONFIDENCE: Final = 0.88


@dataclass(frozen=True, slots=True)
class SeenWord:
    """A word, or what else an engine reads as one piece. `rect` is in pixels, origin at the picture's bottom left.

    `line` is the same number for the words of one line. `confidence` is 0 to 1.
    """

    text: str
    confidence: float
    rect: Rect
    line: int

    @property
    def lies(self) -> bool:
        """Whether it runs from left to right; a letter or two tell nothing and pass."""
        width, height = self.rect.right - self.rect.left, self.rect.top - self.rect.bottom
        return width >= height or len(self.text) < 3


class OcrEngine(Protocol):
    """Reads a picture whose text lies level."""

    def read(self, picture: Image.Image) -> Sequence[SeenWord]:
        """The words of a grey or coloured picture in reading order, unsure ones included; none gives ()."""


def weight(words: Sequence[SeenWord], min_confidence: float) -> float:
    """How much was read: letters times confidence, of words that lie level."""
    return sum(len(word.text) * word.confidence for word in words if word.confidence >= min_confidence and word.lies)


def mean_confidence(words: Sequence[SeenWord]) -> float:
    """The mean over all letters; 0 without any."""
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / letters if letters else 0.0
