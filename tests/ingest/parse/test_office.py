"""Word and PowerPoint: headings, lists, tables, slides."""

from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from app.domain import ParsedDocument
from ingest.parse.dispatch import parse
from tests.ingest.parse.conftest import NO_OCR


def word(tmp_path: Path, document: docx.document.Document) -> ParsedDocument:
    path = tmp_path / "a.docx"
    document.save(str(path))
    return parse(path, path.name, NO_OCR)


def slides(tmp_path: Path, presentation: object) -> ParsedDocument:
    path = tmp_path / "a.pptx"
    presentation.save(str(path))  # type: ignore[attr-defined]
    return parse(path, path.name, NO_OCR)


def test_word_headings_paragraphs_and_lists_become_markdown(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Handbook", 0)
    document.add_heading("Leave", 1)
    document.add_paragraph("Thirty days.")
    document.add_paragraph("Ask early", style="List Bullet")
    document.add_paragraph("Write it down", style="List Bullet")
    document.add_paragraph("Sign", style="List Number")
    parsed = word(tmp_path, document)
    assert parsed.text == "# Handbook\n\n# Leave\n\nThirty days.\n\n- Ask early\n- Write it down\n1. Sign"
    assert parsed.title == "Handbook"


def test_a_word_table_stands_between_its_paragraphs(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before")
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ["Room", "Seats", "A|B", "12"], strict=True):
        cell.text = text
    document.add_paragraph("After")
    assert word(tmp_path, document).text == "Before\n\n| Room | Seats |\n| --- | --- |\n| A\\|B | 12 |\n\nAfter"


def test_deleted_text_is_left_out_and_inserted_text_is_kept(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Stay ")
    for tag, text in (("w:del", "gone"), ("w:ins", "new")):
        change = OxmlElement(tag)
        change.append(docx.Document().add_paragraph(text).runs[0]._r)
        paragraph._p.append(change)
    assert word(tmp_path, document).text == "Stay new"


def test_word_facts_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Words")
    document.core_properties.title, document.core_properties.author = "Rules", "Ada"
    parsed = word(tmp_path, document)
    assert (parsed.title, parsed.author) == ("Rules", "Ada")


def test_each_slide_is_a_page_with_its_title_as_heading(tmp_path: Path) -> None:
    presentation = Presentation()
    for number in (1, 2):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = f"Topic {number}"
        slide.placeholders[1].text = f"Point {number}"
    slide.notes_slide.notes_text_frame.text = "Speak slowly"
    parsed = slides(tmp_path, presentation)
    assert [parsed.text[page.start : page.end] for page in parsed.pages] == [
        "# Topic 1\n\nPoint 1",
        "# Topic 2\n\nPoint 2\n\nSpeak slowly",
    ]
    assert parsed.title == "Topic 1"


@pytest.mark.parametrize("kind", [XL_CHART_TYPE.COLUMN_CLUSTERED, XL_CHART_TYPE.PIE])
def test_a_chart_shows_its_numbers(tmp_path: Path, kind: XL_CHART_TYPE) -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["May", "June"]
    data.add_series("Sales", (3, 4.5))
    slide.shapes.add_chart(kind, 0, 0, Inches(4), Inches(3), data)
    assert "|  | Sales |\n| --- | --- |\n| May | 3 |\n| June | 4.5 |" in slides(tmp_path, presentation).text


def test_a_strict_word_file_is_read_like_any_other(fixtures: Path) -> None:
    strict, usual = (
        parse(fixtures / f"parsers/docx/{n}.docx", f"{n}.docx", NO_OCR).text for n in ("Strict", "Transitional")
    )
    assert strict == usual
