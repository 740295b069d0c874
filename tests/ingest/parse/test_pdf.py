"""PDF: clean text, exact positions, headings, tables, running headers, protection."""

from pathlib import Path

import pytest
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from app.domain import Page, ParsedDocument, Rect
from app.errors import UnreadableDocument
from ingest.parse.dispatch import parse
from ingest.parse.layout import PageLine, PageLines, compose
from ingest.parse.options import ParseOptions
from ingest.parse.pdf import parse_date
from tests.ingest.parse.conftest import NO_OCR, pdf_of
from tests.ingest.parse.conftest import options as make_options

BODY = "Every employee has thirty days of paid leave in a year, and may carry five of them over."


def read(path: Path, options: ParseOptions = NO_OCR) -> ParsedDocument:
    return parse(path, path.name, options)


def line_texts(document: ParsedDocument, page: Page) -> list[str]:
    return [document.text[line.start : line.end] for line in page.lines]


def test_every_line_is_found_at_its_offsets_and_place(tmp_path: Path) -> None:
    document = read(pdf_of(tmp_path / "a.pdf", [[(72, 700, "First line of words."), (72, 686, "Second line.")]]))
    (page,) = document.pages
    assert line_texts(document, page) == ["First line of words.", "Second line."]
    assert (page.width, page.height) == pytest.approx(A4, abs=0.1)
    first, second = page.lines
    assert first.rect.left == pytest.approx(72, abs=2)
    assert 697 < first.rect.bottom < first.rect.top < 711
    assert second.rect.top <= first.rect.bottom + 2


def test_pages_are_spans_of_the_text(tmp_path: Path) -> None:
    document = read(pdf_of(tmp_path / "a.pdf", [[(72, 700, f"This is page number {n}.")] for n in (1, 2, 3)]))
    assert [document.text[page.start : page.end] for page in document.pages] == [
        "This is page number 1.",
        "This is page number 2.",
        "This is page number 3.",
    ]


def test_larger_lines_become_headings_by_rank(tmp_path: Path) -> None:
    styles = getSampleStyleSheet()
    story = [Paragraph("Leave policy", styles["Title"])]
    for topic in ("Vacation", "Sickness"):
        story += [Paragraph(topic, styles["Heading2"]), Paragraph(BODY * 3, styles["BodyText"])]
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build(story)
    document = read(tmp_path / "a.pdf")
    headings = [line for line in document.text.splitlines() if line.startswith("#")]
    assert headings == ["# Leave policy", "## Vacation", "## Sickness"]
    assert document.title == "Leave policy"
    assert "Vacation" in line_texts(document, document.pages[0])


def test_a_ruled_table_becomes_markdown_where_it_stands(tmp_path: Path) -> None:
    styles = getSampleStyleSheet()
    table = Table([["Room", "Seats"], ["Alpha", "12"], ["Beta | b", "8"]])
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 1, colors.black)]))
    story = [
        Paragraph("Before the table.", styles["BodyText"]),
        table,
        Paragraph("After the table.", styles["BodyText"]),
    ]
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build(story)
    document = read(tmp_path / "a.pdf")
    assert document.text == (
        "Before the table.\n\n| Room | Seats |\n| --- | --- |\n| Alpha | 12 |\n| Beta \\| b | 8 |\n\nAfter the table."
    )
    rows = [line for line in document.pages[0].lines if document.text[line.start] == "|"]
    assert rows[0].rect.bottom >= rows[-1].rect.top - 0.1


def test_columns_that_were_written_row_by_row_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = ([f"The {side} column says this in its line {n}." for n in range(8)] for side in ("left", "right"))
    rows = [
        line
        for n, (one, other) in enumerate(zip(left, right, strict=True))
        for line in ((60, 700 - 13 * n, one), (320, 700 - 13 * n, other))
    ]
    title = (60, 740, "A title that goes over both of the columns of this page of words and more words")
    document = read(pdf_of(tmp_path / "a.pdf", [[title, *rows]]))
    assert [line for line in document.text.splitlines() if line][1:] == left + right
    rights = [line.rect for line in document.pages[0].lines if document.text[line.start :].startswith("The right")]
    assert all(rect.left == pytest.approx(320, abs=2) for rect in rights)


def test_cells_without_rules_stay_in_their_rows(tmp_path: Path) -> None:
    rows = [line for n in range(8) for line in ((60, 700 - 13 * n, f"Item {n}"), (320, 700 - 13 * n, f"{n}00 EUR"))]
    assert "Item 3 300 EUR\nItem 4 400 EUR" in read(pdf_of(tmp_path / "a.pdf", [rows])).text


def test_a_table_that_goes_on_over_a_page_break_has_its_header_on_both_pages(tmp_path: Path) -> None:
    table = Table([["Room", "Seats"], *([f"Room {n}", str(n)] for n in range(60))])
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 1, colors.black)]))
    SimpleDocTemplate(str(tmp_path / "a.pdf"), pagesize=A4).build([table])
    document = read(tmp_path / "a.pdf")
    first, second = (document.text[page.start : page.end].split("\n") for page in document.pages)
    assert first[:2] == second[:2] == ["| Room | Seats |", "| --- | --- |"]
    assert [row.split("|")[2].strip() for row in first[2:] + second[2:]] == [str(n) for n in range(60)]


def test_running_headers_and_footers_are_skipped_spans(tmp_path: Path) -> None:
    words = ["apples", "pears", "plums", "grapes"]
    pages = [
        [(72, 810, "ACME Handbook 2024"), (72, 500, f"We grow {fruit} here."), (280, 30, f"Page {n}")]
        for n, fruit in enumerate(words, start=1)
    ]
    document = read(pdf_of(tmp_path / "a.pdf", pages))
    skipped = [{document.text[slice(*span)] for span in page.skipped} for page in document.pages]
    assert skipped == [{"ACME Handbook 2024", f"Page {n}"} for n in (1, 2, 3, 4)]


def test_a_chapter_title_on_every_page_is_no_running_header(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    for number in range(1, 6):
        canvas.setFont("Helvetica", 20)
        canvas.drawString(72, 790, f"Chapter {number}")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 700, f"{BODY} ({number * 7})")
        canvas.showPage()
    canvas.save()
    document = read(tmp_path / "a.pdf")
    assert not any(page.skipped for page in document.pages)
    assert document.text.count("# Chapter") == 5


def test_title_author_and_date_come_from_the_file(tmp_path: Path) -> None:
    document = read(pdf_of(tmp_path / "a.pdf", [[(72, 700, "Some words of text.")]], title="Rules", author="Ada"))
    assert (document.title, document.author) == ("Rules", "Ada")
    assert document.created_at is not None
    assert document.created_at.tzinfo is not None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("D:20240131120000+01'00'", "2024-01-31T11:00:00+00:00"),
        ("D:2024", "2024-01-01T00:00:00+00:00"),
        ("D:20241399", None),
        ("yesterday", None),
    ],
)
def test_pdf_dates_are_read_as_utc(stated: str, expected: str | None) -> None:
    found = parse_date(stated)
    assert (found.isoformat() if found else None) == expected


def test_a_protected_file_asks_for_its_password_and_opens_with_it(tmp_path: Path) -> None:
    path = pdf_of(tmp_path / "a.pdf", [[(72, 700, "Secret words of text.")]], password="1234")
    with pytest.raises(UnreadableDocument, match="a password is needed"):
        read(path)
    with pytest.raises(UnreadableDocument, match="check the password"):
        read(path, make_options(password="0000"))
    assert "Secret words" in read(path, make_options(password="1234")).text


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    path = pdf_of(tmp_path / "a.pdf", [[(72, 700, "Words")]] * 3)
    with pytest.raises(UnreadableDocument, match="3 pages, more than the limit of 2"):
        read(path, make_options(pages=2))


def test_a_file_without_any_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="no text on any page and OCR is switched off"):
        read(pdf_of(tmp_path / "a.pdf", [[]]))


def test_rectangles_on_a_rotated_page_are_where_people_see_the_words(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setPageRotation(90)
    canvas.drawString(100, 100, "Turned words of text")
    canvas.save()
    (page,) = read(tmp_path / "a.pdf").pages
    rect = page.lines[0].rect
    assert rect.top - rect.bottom > rect.right - rect.left  # turned by a quarter, the line runs down the page
    assert 0 < rect.left < rect.right < page.width
    assert 0 < rect.bottom < rect.top < page.height


# --- composing, from plain lines ---------------------------------------------------------------------


def page_of(*texts: str, hyphenated: int | None = None) -> PageLines:
    lines = tuple(
        PageLine(text, Rect(50, 700 - 14 * n, 300, 710 - 14 * n), size=10, is_hyphenated=n == hyphenated)
        for n, text in enumerate(texts)
    )
    return PageLines(600, 800, lines)


def test_a_word_broken_at_a_lines_end_is_joined() -> None:
    text, (page,) = compose([page_of("All infor-", "mation is here.", hyphenated=0)])
    assert text == "All information is here."
    assert [text[line.start : line.end] for line in page.lines] == ["All infor", "mation is here."]


def test_a_hyphen_that_belongs_to_the_word_stays() -> None:
    text, _ = compose([page_of("It is self-", "publishing by", "any name: self-publishing.", hyphenated=0)])
    assert text.startswith("It is self-publishing by")


def test_ligatures_and_control_characters_are_cleaned() -> None:
    text, (page,) = compose([page_of("The ﬁrst\x00 of\u00a0the co\u00adﬀees \x0c")])
    assert text == "The first of the coffees"
    assert page.lines[0].end == len(text)


def test_dot_leaders_shrink_to_an_ellipsis() -> None:
    assert compose([page_of("Preface . . . . . . . . . . . . . . xi")])[0] == "Preface … xi"


def test_lines_of_a_paragraph_are_parted_by_a_line_end() -> None:
    assert compose([page_of("One line", "and the next.")])[0] == "One line\nand the next."


def test_an_empty_page_keeps_its_number() -> None:
    text, pages = compose([page_of("One."), PageLines(600, 800, ()), page_of("Three.")])
    assert [(page.number, text[page.start : page.end]) for page in pages] == [(1, "One."), (2, ""), (3, "Three.")]


# --- real files ----------------------------------------------------------------------------------------


def test_every_odd_pdf_is_parsed_or_refused_with_a_sentence(fixtures: Path) -> None:
    for path in sorted((fixtures / "pypdf").glob("*.pdf")):
        try:
            document = read(path)
        except UnreadableDocument as refused:
            assert str(refused).startswith(path.name)  # noqa: PT017 - either outcome is right
            continue
        for page in document.pages:
            for line in page.lines:
                assert page.start <= line.start < line.end <= page.end
                assert line.rect.left <= line.rect.right
                assert line.rect.bottom <= line.rect.top


def test_a_password_opens_the_real_protected_file(fixtures: Path) -> None:
    path = next((fixtures / "parsers/pdf_password").glob("*.pdf"))
    assert len(read(path, make_options(password="1234")).text) > 1000


def test_attached_files_are_handed_on(fixtures: Path) -> None:
    document = read(fixtures / "pypdf/with-attachment.pdf")
    assert [attachment.name for attachment in document.attachments] == ["image.png"]
