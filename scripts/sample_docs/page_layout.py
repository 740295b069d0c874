"""Turn blocks into reportlab flowables: the styles and the tables that all PDF samples share."""

from collections.abc import Iterable, Iterator
from html import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import CondPageBreak, Flowable, ListFlowable, ListItem, Paragraph, Spacer
from reportlab.platypus import Table as TableFlowable
from text_blocks import Block, Heading, ItemList, Note, Table, bold_runs
from text_blocks import Paragraph as TextParagraph

INK = colors.HexColor("#22262b")
ACCENT = colors.HexColor("#8c2f23")
RULE = colors.HexColor("#b9b2a8")
SHADE = colors.HexColor("#f1ece4")

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=15.4, spaceAfter=8, textColor=INK,
                      alignment=TA_JUSTIFY)  # fmt: skip
CHAPTER = ParagraphStyle("chapter", fontName="Helvetica-Bold", fontSize=19, leading=23, spaceBefore=20, spaceAfter=9,
                         textColor=ACCENT, keepWithNext=1)  # fmt: skip
SECTION = ParagraphStyle("section", fontName="Helvetica-Bold", fontSize=12, leading=15, spaceBefore=8, spaceAfter=5,
                         textColor=INK, keepWithNext=1)  # fmt: skip
CAPTION = ParagraphStyle("caption", fontName="Helvetica-Bold", fontSize=9, leading=12, spaceBefore=3, spaceAfter=4,
                         textColor=ACCENT, keepWithNext=1)  # fmt: skip
CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=9, leading=11.5, textColor=INK)
HEADER_CELL = ParagraphStyle("header_cell", parent=CELL, fontName="Helvetica-Bold")

ROOM_FOR_A_CHAPTER = 110 * mm  # a chapter that would start lower on the page starts on the next one
CELL_PADDING = 14  # points, left and right together, with a little air


def lay_out(blocks: Iterable[Block], width: float) -> Iterator[Flowable]:
    """Yield flowables for `blocks`; `width` is the text width in points."""
    for block in blocks:
        match block:
            case Heading(1, text):
                yield CondPageBreak(ROOM_FOR_A_CHAPTER)
                yield Paragraph(escape(text), CHAPTER)
            case Heading(_, text):
                yield Paragraph(escape(text), SECTION)
            case TextParagraph(text) | Note(text):
                yield Paragraph(markup(text), BODY)
            case ItemList():
                yield _lay_out_list(block)
            case Table():
                yield from _lay_out_table(block, width)


def markup(text: str) -> str:
    """reportlab's own mark-up for a text with `**bold**` pieces."""
    return "".join(f"<b>{escape(piece)}</b>" if is_bold else escape(piece) for piece, is_bold in bold_runs(text))


def _lay_out_list(block: ItemList) -> Flowable:
    items = [ListItem(Paragraph(markup(item), BODY)) for item in block.items]
    start = "1" if block.is_numbered else "•"
    return ListFlowable(items, bulletType="1" if block.is_numbered else "bullet", start=start, leftIndent=16)


def _lay_out_table(table: Table, width: float) -> Iterator[Flowable]:
    cells = [[Paragraph(escape(cell), HEADER_CELL) for cell in table.header]]
    cells += [[Paragraph(escape(cell), CELL) for cell in row] for row in table.rows]
    grid = TableFlowable(cells, colWidths=_column_widths(table, width), repeatRows=1)
    grid.setStyle([
        ("GRID", (0, 0), (-1, -1), 0.5, RULE),
        ("BACKGROUND", (0, 0), (-1, 0), SHADE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 3.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ])  # fmt: skip
    yield Paragraph(escape(table.caption), CAPTION)
    yield grid
    yield Spacer(1, 12)


def _column_widths(table: Table, width: float) -> list[float]:
    natural = [max(_cell_width(cell) for cell in column) for column in zip(table.header, *table.rows, strict=True)]
    widths = dict.fromkeys(range(len(natural)), 0.0)
    # Narrow columns get what they need; the wide ones share what is left and break their lines.
    left, open_columns = width, sorted(widths, key=lambda column: natural[column])
    for position, column in enumerate(open_columns):
        widths[column] = min(natural[column], left / (len(open_columns) - position))
        left -= widths[column]
    return [column_width + left / len(widths) for column_width in widths.values()]


def _cell_width(text: str) -> float:
    text_width: float = stringWidth(text, HEADER_CELL.fontName, CELL.fontSize)
    return text_width + CELL_PADDING
