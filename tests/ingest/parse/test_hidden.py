"""Words that nobody sees who opens a file, and words that only look as if."""

from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from PIL import Image
from reportlab.lib.colors import black, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.domain import HiddenHow, ParsedDocument
from app.settings import load_settings
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions

SEEN = "What everybody reads on this page is about pears and apples."
SECRET = "Nobody sees that the price was changed last night."


def read(path: Path) -> ParsedDocument:
    settings = load_settings({"ocr": {"engine": "off"}})
    options = ParseOptions(path.parent, settings.limits, settings.ocr, settings.parse.pdf, settings.sparse.languages)
    return parse(path, path.name, options)


def hidden_in(document: ParsedDocument) -> list[tuple[HiddenHow, str]]:
    return [(each.how, document.text[each.start : each.end]) for each in document.hidden]


def draw(path: Path, how: str) -> Path:
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, SEEN)
    match how:
        case "white":
            canvas.setFillColor(white)
            canvas.drawString(72, 600, SECRET)
        case "tiny":
            canvas.setFont("Helvetica", 1)
            canvas.drawString(72, 600, SECRET)
        case "off page":
            canvas.drawString(72, 2000, SECRET)
        case "no ink" | "scan":
            if how == "scan":
                picture = BytesIO()
                Image.new("L", (60, 80), 200).save(picture, "PNG")
                canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
            text = canvas.beginText(72, 600)
            text.setTextRenderMode(3)
            text.textLine(SECRET)
            canvas.drawText(text)
        case "on a bar":
            canvas.setFillColor(black)
            canvas.rect(60, 590, 480, 30, fill=1)
            canvas.setFillColor(white)
            canvas.drawString(72, 600, SECRET)
        case "in a form":
            canvas.beginForm("inner")
            canvas.setFillColor(white)
            canvas.drawString(0, 0, SECRET)
            canvas.endForm()
            canvas.translate(72, 600)
            canvas.doForm("inner")
        case "scaled":
            # A font of one point, enlarged by the matrix, as some programs write all text.
            canvas.setFont("Helvetica", 1)
            canvas.scale(12, 12)
            canvas.drawString(6, 50, SECRET)
    canvas.save()
    return path


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("white", HiddenHow.PALE),
        ("tiny", HiddenHow.TINY),
        ("off page", HiddenHow.OFF_PAGE),
        ("no ink", HiddenHow.INVISIBLE),
        ("in a form", HiddenHow.PALE),
    ],
)
def test_words_that_a_page_does_not_show_are_found_where_they_stand(
    tmp_path: Path, how: str, expected: HiddenHow
) -> None:
    document = read(draw(tmp_path / "a.pdf", how))
    assert hidden_in(document) == [(expected, SECRET.rstrip("."))]
    assert document.hidden[0].page == 1


@pytest.mark.parametrize("how", ["scan", "on a bar", "scaled"])
def test_words_that_are_seen_are_not_called_hidden(tmp_path: Path, how: str) -> None:
    """The text layer of a scan lies over what is drawn; white stands on black; the matrix makes it large."""
    document = read(draw(tmp_path / "a.pdf", how))
    assert SECRET in document.text
    assert document.hidden == ()


def test_a_word_document_hides_by_mark_by_colour_and_by_size(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph(SEEN)
    for n in range(3):
        run = document.add_paragraph().add_run(f"{n}: {SECRET}")
        if n == 0:
            run.font.hidden = True
        elif n == 1:
            run.font.color.rgb = RGBColor(255, 255, 255)
        else:
            run.font.size = Pt(1)
    document.save(str(tmp_path / "a.docx"))
    found = hidden_in(read(tmp_path / "a.docx"))
    assert [how for how, _ in found] == [HiddenHow.INVISIBLE, HiddenHow.PALE, HiddenHow.TINY]
    assert all(SECRET.rstrip(".") in words for _, words in found)


def test_white_on_a_shaded_cell_is_seen(tmp_path: Path) -> None:
    document = docx.Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.paragraphs[0].add_run(SECRET).font.color.rgb = RGBColor(255, 255, 255)
    shading = OxmlElement("w:shd")
    shading.set(qn("w:fill"), "1F4E79")
    cell._tc.get_or_add_tcPr().append(shading)
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx").hidden == ()


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("font-size: 0.1px", HiddenHow.TINY),
        ("font-size:1px", HiddenHow.TINY),
        ("color:#fff", HiddenHow.PALE),
        ("color: white", HiddenHow.PALE),
        ("position:absolute; left:-9999px", HiddenHow.OFF_PAGE),
        ("opacity:0", HiddenHow.INVISIBLE),
    ],
)
def test_styles_that_hide_words_are_found(tmp_path: Path, style: str, expected: HiddenHow) -> None:
    (tmp_path / "a.html").write_text(f"<main><p>{SEEN}</p><p style='{style}'>{SECRET}</p></main>")
    assert hidden_in(read(tmp_path / "a.html")) == [(expected, SECRET.rstrip("."))]


@pytest.mark.parametrize(
    "style", ["font-size: 10px", "color:#fff; background:#333", "left:-10px", "opacity:0.9", "background-color:white"]
)
def test_styles_that_hide_nothing_are_let_be(tmp_path: Path, style: str) -> None:
    (tmp_path / "a.html").write_text(f"<main><p>{SEEN}</p><p style='{style}'>{SECRET}</p></main>")
    assert read(tmp_path / "a.html").hidden == ()


@pytest.mark.parametrize("style", ["display:none", "visibility: hidden", "font-size:0"])
def test_what_is_not_displayed_is_no_part_of_the_text_and_so_not_hidden_in_it(tmp_path: Path, style: str) -> None:
    (tmp_path / "a.html").write_text(f"<main><p>{SEEN}</p><p style='{style}'>{SECRET}</p></main>")
    document = read(tmp_path / "a.html")
    assert SECRET not in document.text
    assert document.hidden == ()


def test_a_mail_that_hides_words_in_its_html_is_found(tmp_path: Path) -> None:
    body = f"<p>{SEEN}</p><div style='font-size:1px'>{SECRET}</div>"
    (tmp_path / "a.eml").write_text(
        f"From: a@example.org\nSubject: Pears\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n{body}\n"
    )
    assert hidden_in(read(tmp_path / "a.eml")) == [(HiddenHow.TINY, SECRET.rstrip("."))]


def test_a_few_hidden_letters_are_nobodys_message(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(f"<main><p>{SEEN}</p><p style='font-size:1px'>ref 12</p></main>")
    assert read(tmp_path / "a.html").hidden == ()
