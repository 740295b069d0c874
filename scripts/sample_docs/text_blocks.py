"""Read the small part of Markdown that the sources use: headings, paragraphs, lists, notes, tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

CAPTION_MARK = "Table: "


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Note:
    text: str


@dataclass(frozen=True)
class ItemList:
    is_numbered: bool
    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Note | ItemList | Table


def parse_blocks(source: str) -> tuple[Block, ...]:
    """Split a source text into blocks, in reading order. Blocks are separated by empty lines."""
    return tuple(_parse_all(re.split(r"\n\s*\n", source.strip())))


def _parse_all(paragraphs: list[str]) -> Iterator[Block]:
    caption = ""
    for paragraph in paragraphs:
        if paragraph.startswith(CAPTION_MARK):
            caption = paragraph.removeprefix(CAPTION_MARK)
            continue
        yield _parse_block(paragraph, caption)
        caption = ""


def _parse_block(paragraph: str, caption: str) -> Block:
    if heading := re.match(r"(#+) (.*)", paragraph):
        return Heading(len(heading[1]), heading[2])
    lines = paragraph.splitlines()
    if paragraph.startswith("|"):
        header, _rule, *rows = (_split_row(line) for line in lines)
        return Table(caption, header, tuple(rows))
    if paragraph.startswith("> "):
        return Note(paragraph.removeprefix("> "))
    if paragraph.startswith("- "):
        return ItemList(False, tuple(line.removeprefix("- ") for line in lines))
    if re.match(r"\d+\. ", paragraph):
        return ItemList(True, tuple(re.sub(r"^\d+\. ", "", line) for line in lines))
    return Paragraph(paragraph)


def _split_row(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def bold_runs(text: str) -> list[tuple[str, bool]]:
    """Cut `a **b** c` into pieces, each with whether it is bold."""
    pieces = re.split(r"\*\*", text)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]
