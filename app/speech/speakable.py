"""An answer as sentences that are spoken one by one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, assert_never

from app.answer.text.sentences import split_units
from app.speech.blocks import Block, Code, MoreRows, Row, Text, list_blocks
from app.speech.pronounce import pronounce
from app.speech.words import SAID

# A sentence beyond this is spoken in parts, so that the first sound does not wait for the last word.
LONGEST: Final = 300
LONGEST_CELL: Final = 80
_BREAK: Final = re.compile(r"(?<=[,;:–—])\s+|\s+(?=[(\[])")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`shown`: its words as they stand in the answer, "" for what is not there. `spoken`: what a voice says."""

    shown: str = field(repr=False)
    spoken: str = field(repr=False)


def list_sentences(markdown: str, language: str) -> tuple[Sentence, ...]:
    """The sentences of an answer in Markdown, in their order; none where there is nothing to say.

    `language`: ISO 639-1, "" where nobody knows. Code is named and not read, a table is read row by row and shortened.
    """
    found = (sentence for block in list_blocks(markdown) for sentence in _say(block, language))
    return tuple(sentence for sentence in found if sentence.spoken)


def _say(block: Block, language: str) -> Iterator[Sentence]:
    words = SAID.get(language)
    match block:
        case Text(shown, lead):
            yield from _say_text(shown, lead, language)
        case Row(headings, cells):
            yield Sentence(" ".join(cells), _say_row(headings, cells, language))
        case MoreRows(count):
            if words:
                one, many = words.more_rows
                yield Sentence("", one if count == 1 else many.format(n=count))
        case Code(name):
            if words:
                said = words.code_in.format(language=name.upper()) if name else words.code
                yield Sentence("", pronounce(said, language))
        case _:
            assert_never(block)


def _say_text(shown: str, lead: str, language: str) -> Iterator[Sentence]:
    for start, end in split_units(shown):
        for part in _parts(shown[start:end]):
            spoken = pronounce(part, language)
            yield Sentence(part, f"{lead}{spoken}" if spoken else "")
            lead = ""


def _say_row(headings: tuple[str, ...], cells: tuple[str, ...], language: str) -> str:
    pairs = [
        f"{_cell(heading, language)}: {_cell(cell, language)}" if _cell(heading, language) else _cell(cell, language)
        for heading, cell in zip(headings, cells, strict=False)
        if _cell(cell, language)
    ]
    return f"{'; '.join(pairs)}." if pairs else ""


def _cell(text: str, language: str) -> str:
    cut = text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL].rsplit(" ", 1)[0]
    return pronounce(cut, language).rstrip(".:!?… ")


def _parts(sentence: str) -> Iterator[str]:
    """The sentence, or where it is too long its parts: cut at pauses, else between words, else anywhere."""
    while len(sentence) > LONGEST:
        pauses = [match.start() for match in _BREAK.finditer(sentence, LONGEST // 3, LONGEST)]
        space = sentence.rfind(" ", 1, LONGEST)
        at = pauses[-1] if pauses else space if space > 0 else LONGEST
        yield sentence[:at].strip()
        sentence = sentence[at:].strip()
    yield sentence
