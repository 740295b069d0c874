"""Which lines of a PDF are headings? Those set larger or bolder than the body, short and apart."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ingest.parse.layout.lines import PageLine, PageLines

LARGER: Final = 1.12
LONGEST: Final = 140
MOST_LINES: Final = 3
LEAST_BODY_CHARACTERS: Final = 100


def find_levels(pages: Sequence[PageLines]) -> list[list[int]]:
    """A heading level (1 to 6) for each line of each page, 0 for no heading."""
    body, body_is_bold = _body_style(pages)
    if not body:
        return [[0] * len(page.lines) for page in pages]
    styles = [[_style(page.lines, index, body, body_is_bold) for index in range(len(page.lines))] for page in pages]
    for page_styles in styles:
        _drop_long_runs(page_styles)
    sizes = sorted({style for page_styles in styles for style in page_styles if style}, reverse=True)
    level = {style: min(rank, 6) for rank, style in enumerate(sizes, start=1)}
    return [[level[style] if style else 0 for style in page_styles] for page_styles in styles]


def _body_style(pages: Sequence[PageLines]) -> tuple[float, bool]:
    """The size that most characters have, and whether most of them are bold."""
    characters: Counter[float] = Counter()
    bold: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            if line.size and line.kind == "text":
                characters[_rounded(line.size)] += len(line.text)
                bold[_rounded(line.size)] += len(line.text) if line.is_bold else 0
    if characters.total() < LEAST_BODY_CHARACTERS:
        return 0.0, False
    size = characters.most_common(1)[0][0]
    return size, bold[size] * 2 > characters[size]


def _style(lines: Sequence[PageLine], index: int, body: float, body_is_bold: bool) -> float | None:
    """The size by which a heading is ranked, None for no heading."""
    line = lines[index]
    size = _rounded(line.size)
    # Most lines are neither larger nor bold: that is asked first, for letters are counted one by one.
    if size < body * LARGER and not line.is_bold:
        return None
    if line.kind != "text" or len(line.text) > LONGEST or line.text.endswith((",", ";")):
        return None
    letters = sum(character.isalpha() for character in line.text)
    if letters < 3 or letters * 2 < len(line.text):
        return None
    if size >= body * LARGER:
        return size
    if line.is_bold and not body_is_bold and size >= body * 0.95 and _stands_alone(lines, index):
        return body
    return None


def _stands_alone(lines: Sequence[PageLine], index: int) -> bool:
    """Bold at body size is a heading only on a line of its own with a paragraph below, not within a sentence."""
    line = lines[index]
    if line.text.endswith((".", ":")) or not (line.text[0].isupper() or line.text[0].isdigit()):
        return False
    above = lines[index - 1] if index else None
    below = lines[index + 1] if index + 1 < len(lines) else None
    if below is None or below.is_bold or _beside(line, below):
        return False
    if above is None:
        return True
    apart = above.rect.bottom - line.rect.top > line.height * 0.35
    return not _beside(line, above) and (apart or above.rect.bottom < line.rect.bottom)


def _beside(line: PageLine, other: PageLine) -> bool:
    return abs(line.rect.bottom - other.rect.bottom) < line.height * 0.5


def _drop_long_runs(styles: list[float | None]) -> None:
    """More lines of one style in a row than a heading has are a paragraph in larger print."""
    start = 0
    while start < len(styles):
        end = start
        while end < len(styles) and styles[end] == styles[start]:
            end += 1
        if styles[start] and end - start > MOST_LINES:
            styles[start:end] = [None] * (end - start)
        start = end


def _rounded(size: float) -> float:
    return round(size * 2) / 2
