"""A page as lines, whoever read them: pdfium, pdfplumber or OCR."""

from dataclasses import dataclass
from typing import Literal

from app.domain import Rect


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line as it stands on the page.

    `size` is the height of its characters in points, 0 where unknown. `is_hyphenated`: its last word goes
    on in the next line. `starts_block`: never joined to the line before (a new table).
    """

    text: str
    rect: Rect
    size: float = 0.0
    is_bold: bool = False
    is_hyphenated: bool = False
    kind: Literal["text", "table"] = "text"
    starts_block: bool = False

    @property
    def height(self) -> float:
        """A positive height to measure distances by."""
        return self.size or max(self.rect.top - self.rect.bottom, 1.0)


@dataclass(frozen=True, slots=True)
class PageLines:
    """One page's size in points and its lines in reading order.

    `turned`: by how many degrees, counter-clockwise, the displayed page was turned so that its lines lie level.
    The lines' rectangles are those on the turned page (see `turn`); `compose` turns them back.
    """

    width: float
    height: float
    lines: tuple[PageLine, ...]
    turned: float = 0.0
    ocr_confidence: float | None = None
