"""A passage as quotable units that know what they are about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.answer.text.sentences import split_units
from app.domain import Passage

# The line of dashes below a Markdown table's header row.
_TABLE_RULE = re.compile(r"\s*\n\|[\s:|-]*-[\s:|-]*\|")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item, table row or heading of a passage. Offsets are those of the document.

    `heading`: the nearest one above. `header`: for a row of a table, the table's header row, else empty.
    `is_header`: this is such a row itself.
    """

    passage: Passage
    start: int
    end: int
    heading: str
    header: str = ""
    is_header: bool = False

    @property
    def text(self) -> str:
        """The words as they stand in the document."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def in_context(self) -> str:
        """The words with what they are about before them."""
        return " ".join(part for part in (self.heading, self.header, self.text) if part)

    @property
    def subject(self) -> str:
        """What the words are about: document, heading and table header."""
        return f"{self.passage.document} {self.passage.title} {self.heading} {self.header}"

    @property
    def is_statement(self) -> bool:
        """Headings and header rows name a subject; everything else states something about it."""
        return not (self.is_header or self.text.startswith("#"))


def list_units(passages: Sequence[Passage]) -> list[Unit]:
    """All units of these passages, in order."""
    return [unit for passage in passages for unit in _units(passage)]


def _units(passage: Passage) -> list[Unit]:
    heading = passage.headings[-1] if passage.headings else passage.title
    units: list[Unit] = []
    header = passage.table_header.split("\n")[0]
    for start, end in split_units(passage.text):
        text = passage.text[start:end]
        is_header = text.startswith("|") and _TABLE_RULE.match(passage.text, end) is not None
        # A passage that begins below the header may begin inside a row.
        if is_header or (units and not text.startswith("|")):
            header = ""
        units.append(Unit(passage, passage.start + start, passage.start + end, heading, header, is_header))
        if is_header:
            header = text
    return units
