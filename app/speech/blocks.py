"""Markdown as the blocks that a reader would read out, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Below a heading of this rank stands what backs an answer: its sources, the SQL behind a result.
APPARATUS: Final = "h6"
SHOWN_ROWS: Final = 5


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, heading or item, as it is seen. `lead`: what is said before it and not seen as its text."""

    shown: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, with the headings of its columns."""

    headings: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoreRows:
    """Rows that are not read out."""

    count: int


@dataclass(frozen=True, slots=True)
class Code:
    """Code, which is named instead of read. `language`: "" where nobody says."""

    language: str


Block = Text | Row | MoreRows | Code


def list_blocks(markdown: str) -> list[Block]:
    """The blocks in their order. Empty where there is nothing to read."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return list(_blocks(parser.parse(markdown.replace("\0", " "))))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    is_skipped = False
    numbers: list[int | None] = []
    lead = ""
    rows: list[tuple[str, ...]] = []
    cells: list[str] = []
    for n, token in enumerate(tokens):
        match token.type:
            case "heading_open":
                is_skipped = token.tag == APPARATUS
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
            case "list_item_open":
                lead = _take_number(numbers)
            case "fence" | "code_block" if not is_skipped:
                yield Code(token.info.split()[0] if token.info.split() else "")
            case "table_open":
                rows = []
            case "tr_open":
                cells = []
            case "tr_close":
                rows.append(tuple(cells))
            case "table_close" if not is_skipped:
                yield from _read_table(rows)
            case "inline" if tokens[n - 1].type in ("th_open", "td_open"):
                cells.append(_plain(token))
            case "inline" if not is_skipped:
                yield Text(_plain(token), lead)
                lead = ""
            case _:
                pass


def _take_number(numbers: list[int | None]) -> str:
    """What is said before the next item of the innermost list."""
    number = numbers[-1] if numbers else None
    if number is None:
        return ""
    numbers[-1] = number + 1
    return f"{number}: "


def _read_table(rows: Sequence[tuple[str, ...]]) -> Iterator[Block]:
    headings, body = rows[0], rows[1:]
    for cells in body[:SHOWN_ROWS]:
        yield Row(headings, cells)
    if len(body) > SHOWN_ROWS:
        yield MoreRows(len(body) - SHOWN_ROWS)


def _plain(token: Token) -> str:
    """The words of an inline token, on one line."""
    parts = []
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                parts.append(child.content)
            case "image":
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case _:
                pass
    return " ".join("".join(parts).split())
