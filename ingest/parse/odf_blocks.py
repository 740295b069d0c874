"""Paragraphs, lists and tables of an OpenDocument body, in order."""

from collections.abc import Iterator
from typing import Any, Final

from ingest.parse.markdown import fence, heading, joined, table
from ingest.parse.odf_names import tag
from ingest.parse.odf_styles import Styles

HEADING, PARAGRAPH, LIST = tag("text", "h"), tag("text", "p"), tag("text", "list")
ITEM, LIST_HEADER = tag("text", "list-item"), tag("text", "list-header")
TABLE, ROW = tag("table", "table"), tag("table", "table-row")
CELL, COVERED = tag("table", "table-cell"), tag("table", "covered-table-cell")
COLUMNS_REPEATED, STYLE = tag("table", "number-columns-repeated"), tag("text", "style-name")
NOTE, SPACES, TAB, BREAK = tag("text", "note"), tag("text", "s"), tag("text", "tab"), tag("text", "line-break")
FRAMES: Final = frozenset(tag("draw", name) for name in ("frame", "custom-shape", "rect", "ellipse", "g", "text-box"))
# Comments and deleted text are in the file but not on the page; a table of contents repeats the headings.
UNSEEN: Final = frozenset(
    {
        tag("office", "annotation"),
        tag("office", "forms"),
        tag("text", "tracked-changes"),
        tag("text", "table-of-content"),
        tag("svg", "title"),
        tag("svg", "desc"),
        tag("draw", "enhanced-geometry"),
        tag("presentation", "notes"),
    }
)
# A file may claim any number; no page is wider than this.
MOST_REPEATED: Final = 64
Block = tuple[str, bool]


class BlockReader:
    """Walks a body in order. `notes` fills with the footnotes that were passed, each on a line."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._numbers: dict[tuple[str | None, int], int] = {}
        self._cells_around = 0
        self.notes: list[str] = []

    def blocks(self, container: Any) -> Iterator[Block]:
        """(text, is list item) of each block, none of them empty; code lines of one block come together."""
        code: list[str] = []
        for element in () if container is None else container:
            if element.tag == PARAGRAPH and self._styles.is_code(element.get(STYLE)):
                code.append(self._words(element))
                continue
            if code:
                yield fence("\n".join(code)), False
                code = []
            yield from self._block(element)
        if any(line.strip() for line in code):
            yield fence("\n".join(code)), False

    def _block(self, element: Any) -> Iterator[Block]:
        if element.tag in (HEADING, PARAGRAPH):
            yield from self._paragraph(element)
        elif element.tag == LIST:
            yield from self._list(element, element.get(STYLE), 0)
        elif element.tag == TABLE:
            if text := self._table(element):
                yield text, False
        elif element.tag not in UNSEEN and isinstance(element.tag, str):
            yield from self.blocks(element)  # a section, an index, a frame

    def _paragraph(self, element: Any) -> Iterator[Block]:
        if text := self._words(element).strip():
            level = self._level(element)
            yield (heading(text, level) if level else text), False
        for frame in _frames(element):
            yield from self.blocks(frame)

    def _level(self, element: Any) -> int:
        if element.tag == HEADING:
            return int(element.get(tag("text", "outline-level")) or 1)
        return self._styles.heading_level(element.get(STYLE))

    def _list(self, element: Any, style: str | None, depth: int) -> Iterator[Block]:
        style = element.get(STYLE) or style
        if (
            element.get(tag("text", "continue-numbering")) != "true"
            and element.get(tag("text", "continue-list")) is None
        ):
            self._numbers.pop((style, depth), None)
        for item in element:
            if item.tag in (ITEM, LIST_HEADER):
                yield from self._item(item, style, depth)

    def _item(self, item: Any, style: str | None, depth: int) -> Iterator[Block]:
        label = ""
        for child in item:
            if child.tag == LIST:
                yield from self._list(child, style, depth + 1)
                continue
            for text, is_item in self._block(child):
                if is_item or text.startswith("#"):  # a numbered heading is a heading
                    yield text, is_item
                    continue
                # Only the first paragraph of an item carries its mark.
                mark = label or (self._label(style, depth) if item.tag == ITEM else "")
                label = " " * len(mark)
                yield f"{'  ' * depth}{mark} {' '.join(text.split())}".rstrip(), True

    def _label(self, style: str | None, depth: int) -> str:
        start = self._styles.list_start(style, depth)
        if start is None:
            return "-"
        number = self._numbers.get((style, depth), start - 1) + 1
        self._numbers[style, depth] = number
        return f"{number}."

    def _table(self, element: Any) -> str:
        rows = [self._row(row) for row in element.iter(ROW) if next(row.iterancestors(TABLE)) is element]
        full = [row for row in rows if any(row)]
        if len(full) == 1 and len(full[0]) == 1:
            return full[0][0]  # a frame around text
        # No Markdown table fits into a cell.
        return " ".join(cell for row in full for cell in row if cell) if self._cells_around else table(full)

    def _row(self, row: Any) -> list[str]:
        cells: list[str] = []
        for cell in row:
            if cell.tag in (CELL, COVERED):
                text = "" if cell.tag == COVERED else self._cell(cell)
                cells += [text] * min(int(cell.get(COLUMNS_REPEATED) or 1), MOST_REPEATED)
        return cells

    def _cell(self, cell: Any) -> str:
        """A cell's words on one line; a list of one item is a paragraph that a template made a list."""
        self._cells_around += 1
        blocks = list(self.blocks(cell))
        self._cells_around -= 1
        if len(blocks) == 1 and blocks[0][1]:
            return blocks[0][0].strip().removeprefix("- ")
        return " ".join(" ".join(text for text, _ in blocks).split())

    def _words(self, element: Any) -> str:
        """The words of a paragraph, links and spans included, frames left out."""
        parts = [_squeezed(element.text)]
        for child in element:
            if child.tag == NOTE:
                parts.append(self._note(child))
            elif child.tag == SPACES:
                parts.append(" " * min(int(child.get(tag("text", "c")) or 1), MOST_REPEATED))
            elif child.tag == TAB:
                parts.append("\t")
            elif child.tag == BREAK:
                parts.append("\n")
            elif child.tag not in UNSEEN and child.tag not in FRAMES and isinstance(child.tag, str):
                parts.append(self._words(child))
            parts.append(_squeezed(child.tail))
        return "".join(parts)

    def _note(self, note: Any) -> str:
        """The mark of a footnote; its words are kept for the end."""
        citation = "".join(note.find(tag("text", "note-citation")).itertext())
        words = joined(self.blocks(note.find(tag("text", "note-body"))))
        self.notes.append(f"[{citation}] {' '.join(words.split())}")
        return f"[{citation}]"


def _squeezed(text: str | None) -> str:
    """White space as OpenDocument means it: any run of it is one space."""
    if not text:
        return ""
    words = " ".join(text.split())
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if words and text[-1].isspace() else ''}"


def _frames(element: Any) -> Iterator[Any]:
    """Frames anchored in a paragraph, outermost only."""
    for child in element:
        if child.tag in FRAMES:
            yield child
        elif child.tag not in UNSEEN and child.tag != NOTE:
            yield from _frames(child)
