"""From page lines to a document's text: headings, paragraphs, hyphens, running headers. Pure, no pdfium.

The text keeps each line's words as they stand on the page, so that a quote can be found there. Added are
only a heading's `# ` and the bars of tables; taken away are hyphens of words broken at a line's end.
"""

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from app.domain import Line, Page
from ingest.parse.layout.headings import find_levels
from ingest.parse.layout.lines import PageLine, PageLines
from ingest.parse.layout.running import find_running
from ingest.parse.layout.turn import turn_rect_back

PAGE_BREAK: Final = "\n\n"
SENTENCE_END = re.compile(r"[.!?:;。！？…][\"'”’)\]]*$")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
LIGATURES: Final = str.maketrans(
    {
        "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
        "\u00a0": " ", "\u2007": " ", "\u202f": " ",
        "\u00ad": None, "\ufeff": None, "\u200b": None, "\ufffe": None, "\uffff": None,
    }
)  # fmt: skip
# Dots that lead the eye from a title to its page: a table of contents would be ten chunks of them.
LEADERS = re.compile(r"(?: ?\.){5,}")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def compose(pages: Sequence[PageLines]) -> tuple[str, tuple[Page, ...]]:
    """The document's text and its pages. Every line's offsets index the text; pages part at PAGE_BREAK."""
    cleaned = [replace(page, lines=_cleaned(page.lines)) for page in pages]
    levels = find_levels(cleaned)
    running = find_running(cleaned, levels)
    levels = _without(levels, running)
    words = _Words(cleaned)
    composer = _Composer(words, _usual_pitch(cleaned))
    return composer.compose(cleaned, levels, running)


def _cleaned(lines: Sequence[PageLine]) -> tuple[PageLine, ...]:
    return tuple(line for line in map(_clean_line, lines) if line.text)


def _clean_line(line: PageLine) -> PageLine:
    text, is_hyphenated = _clean(line.text), _is_hyphenated(line)
    if text == line.text and is_hyphenated == line.is_hyphenated:
        return line
    return replace(line, text=text, is_hyphenated=is_hyphenated)


def _clean(text: str) -> str:
    if not text.isascii():
        text = text.translate(LIGATURES)
    return " ".join(LEADERS.sub(" … ", CONTROL.sub("", text)).split())


def _is_hyphenated(line: PageLine) -> bool:
    return line.is_hyphenated or line.text.rstrip().endswith("\u00ad")


def _without(levels: Sequence[Sequence[int]], running: Sequence[frozenset[int]]) -> list[list[int]]:
    return [
        [0 if index in skipped else level for index, level in enumerate(page)]
        for page, skipped in zip(levels, running, strict=True)
    ]


def _as_displayed(lines: Sequence[Line], page: PageLines) -> Iterator[Line]:
    if not page.turned:
        return iter(lines)
    return (replace(line, rect=turn_rect_back(line.rect, page.width, page.height, page.turned)) for line in lines)


class _Words:
    """The document's own vocabulary decides what a hyphen at a line's end was."""

    def __init__(self, pages: Sequence[PageLines]) -> None:
        counted: Counter[str] = Counter()
        if any(_may_join(line) for page in pages for line in page.lines):
            for page in pages:
                for line in page.lines:
                    counted.update(word.lower() for word in WORD.findall(line.text))
        self._counted = counted

    def keeps_hyphen(self, before: str, after: str) -> bool:
        """“self-” + “publishing” keeps its hyphen, “infor-” + “mation” does not."""
        head, tail = WORD.findall(before.rstrip("-"))[-1:], WORD.findall(after)[:1]
        if not head or not tail:
            return True
        first, second = head[0].lower(), tail[0].lower()
        if self._counted[f"{first}-{second}"]:
            return True
        if self._counted[first + second]:
            return False
        # The halves stand at the break itself once; more than once means words of their own.
        return self._counted[first] > 1 and self._counted[second] > 1


def _may_join(line: PageLine) -> bool:
    return line.is_hyphenated or line.text.endswith("-")


def _usual_pitch(pages: Sequence[PageLines]) -> float:
    """Median distance of two lines in units of the line's height."""
    pitches = [
        (upper.rect.bottom - lower.rect.bottom) / upper.height
        for page in pages
        for upper, lower in zip(page.lines, page.lines[1:], strict=False)
        if upper.kind == lower.kind == "text" and 0.5 < (upper.rect.bottom - lower.rect.bottom) / upper.height < 4
    ]
    return statistics.median(pitches) if pitches else 1.2


class _Composer:
    def __init__(self, words: _Words, pitch: float) -> None:
        self._words = words
        self._pitch = pitch
        self._parts: list[str] = []
        self._length = 0

    def compose(
        self,
        pages: Sequence[PageLines],
        levels: Sequence[Sequence[int]],
        running: Sequence[frozenset[int]],
    ) -> tuple[str, tuple[Page, ...]]:
        made = []
        for number, page in enumerate(pages, start=1):
            if number > 1:
                self._add(PAGE_BREAK)
            start = self._length
            lines, skipped = self._add_lines(page.lines, levels[number - 1], running[number - 1])
            made.append(
                Page(
                    number=number,
                    start=start,
                    end=self._length,
                    width=page.width,
                    height=page.height,
                    lines=tuple(_as_displayed(lines, page)),
                    skipped=tuple(skipped),
                    ocr_confidence=page.ocr_confidence,
                )
            )
        return "".join(self._parts), tuple(made)

    def _add_lines(
        self, lines: Sequence[PageLine], levels: Sequence[int], running: frozenset[int]
    ) -> tuple[list[Line], list[tuple[int, int]]]:
        placed: list[Line] = []
        skipped: list[tuple[int, int]] = []
        previous: int | None = None
        for index, line in enumerate(lines):
            text = line.text
            if previous is not None:
                same_kind = (previous in running) == (index in running)
                gap = self._gap(lines[previous], line, levels[previous], levels[index]) if same_kind else "\n\n"
                if gap == "" and (shorter := self._dehyphenated(lines[previous].text, text)):
                    placed[-1] = Line(placed[-1].start, placed[-1].end - shorter, placed[-1].rect)
                self._add(gap)
            else:
                gap = "\n\n"
            if levels[index] and gap == "\n\n":
                self._add("#" * levels[index] + " ")
            start = self._length
            self._add(text)
            placed.append(Line(start, self._length, line.rect))
            if index in running:
                skipped.append((start, self._length))
            previous = index
        return placed, skipped

    def _gap(self, upper: PageLine, lower: PageLine, upper_level: int, lower_level: int) -> str:
        """What stands between two lines: nothing (a broken word), a space, a line end or a paragraph's."""
        if lower.starts_block or upper.kind != lower.kind:
            return "\n\n"
        if lower.kind == "table":
            return "\n"
        drop = (upper.rect.bottom - lower.rect.bottom) / upper.height
        if upper_level or lower_level:
            same_heading = upper_level == lower_level and -0.5 < drop < self._pitch * 1.5
            return " " if same_heading else "\n\n"
        if _may_join(upper) and lower.text[0].islower() and len(upper.text) > 2 and upper.text[-2].isalpha():
            return ""
        if abs(drop) < 0.3:
            return " "
        if drop > self._pitch * 1.35:
            return "\n\n"
        # A new column or a line set apart starts a paragraph only where a sentence has ended.
        indented = lower.rect.left > upper.rect.left + upper.height * 0.8
        moved = drop < 0 or indented
        return "\n\n" if moved and SENTENCE_END.search(upper.text) else "\n"

    def _dehyphenated(self, before: str, after: str) -> int:
        """Take the hyphen off what was written last, where it was not part of the word; returns characters taken."""
        hyphened = before.endswith(("-", "‐"))
        if not hyphened or self._words.keeps_hyphen(before, after):
            return 0
        self._parts[-1] = self._parts[-1][:-1]
        self._length -= 1
        return 1

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
