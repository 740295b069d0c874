"""The product manual as a Word document with real heading styles."""

from datetime import UTC, datetime
from pathlib import Path

import docx
from docx.document import Document
from docx.shared import Pt
from docx.text.paragraph import Paragraph
from fixed_zip import pin_dates
from text_blocks import Block, Heading, ItemList, Note, Table, bold_runs, parse_blocks
from text_blocks import Paragraph as TextParagraph

TITLE = "Terra 80-3 deck oven"
SUBTITLE = "Operating and maintenance manual. Document 80-3/EN, issue 6, September 2025"
ISSUED = datetime(2025, 9, 15, 9, 0, tzinfo=UTC)


def write_manual(source: Path, target: Path) -> None:
    document = docx.Document()
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    document.sections[0].header.paragraphs[0].text = "Arkenfeld Ovens SE"
    document.sections[0].footer.paragraphs[0].text = "Terra 80-3, document 80-3/EN, issue 6"
    document.add_paragraph(TITLE, style="Title")
    document.add_paragraph(SUBTITLE, style="Subtitle")
    for block in parse_blocks(source.read_text("utf-8")):
        _add_block(document, block)
    _set_properties(document)
    document.save(str(target))
    pin_dates(target, ISSUED)


def _add_block(document: Document, block: Block) -> None:
    match block:
        case Heading(level, text):
            document.add_heading(text, level)
        case TextParagraph(text):
            _add_runs(document.add_paragraph(), text)
        case Note(text):
            _add_runs(document.add_paragraph(style="Intense Quote"), text)
        case ItemList(is_numbered, items):
            _add_list(document, items, is_numbered=is_numbered)
        case Table():
            _add_table(document, block)


def _add_list(document: Document, items: tuple[str, ...], *, is_numbered: bool) -> None:
    # Word would count on from one numbered list to the next, so the numbers are written out.
    for number, item in enumerate(items, start=1):
        style, text = ("List", f"{number}. {item}") if is_numbered else ("List Bullet", item)
        _add_runs(document.add_paragraph(style=style), text)


def _add_table(document: Document, table: Table) -> None:
    document.add_paragraph(table.caption, style="Caption")
    grid = document.add_table(rows=0, cols=len(table.header), style="Light Grid Accent 1")
    for row in (table.header, *table.rows):
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph()


def _add_runs(paragraph: Paragraph, text: str) -> None:
    for piece, is_bold in bold_runs(text):
        paragraph.add_run(piece).bold = is_bold


def _set_properties(document: Document) -> None:
    properties = document.core_properties
    properties.title = f"{TITLE}: operating and maintenance manual"
    properties.author = "Arkenfeld Ovens SE, Technical documentation"
    properties.language = "en-GB"
    properties.comments = ""
    properties.created = properties.modified = ISSUED.replace(tzinfo=None)
