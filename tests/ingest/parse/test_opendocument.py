"""OpenDocument texts and presentations."""

import pytest

from app.errors import UnreadableDocument
from tests.ingest.parse.conftest import Parse, options
from tests.ingest.parse.packages import NAMES, ODF, odf, zipped

NUMBERED = (
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="1"/>'
    "</text:list-style>"
)
FACTS = (
    "<dc:title>Rules</dc:title><meta:initial-creator>Ada</meta:initial-creator><dc:language>de-AT</dc:language>"
    "<meta:creation-date>2024-01-31T12:00:00.123456789</meta:creation-date>"
)


def item(text: str) -> str:
    return f"<text:list-item><text:p>{text}</text:p></text:list-item>"


def cell(text: str) -> str:
    return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"


def test_headings_lists_and_paragraphs_become_markdown(parsed: Parse) -> None:
    body = (
        '<text:p text:style-name="Title">Handbook</text:p><text:h text:outline-level="2">Leave</text:h>'
        "<text:p>Thirty<text:s text:c='1'/>days,<text:line-break/>all <text:span>of</text:span>\n them.</text:p>"
        f"<text:list>{item('Ask')}{item('Wait')}</text:list>"
        f'<text:list text:style-name="N">{item("Sign")}{item("Go")}</text:list>'
    )
    document = parsed("a.odt", odf("text", body, styles=NUMBERED, meta=FACTS))
    assert document.text == ("# Handbook\n\n## Leave\n\nThirty days,\nall of them.\n\n- Ask\n- Wait\n1. Sign\n2. Go")
    assert (document.title, document.author, document.language) == ("Rules", "Ada", "de")
    assert document.created_at is not None
    assert document.created_at.isoformat() == "2024-01-31T12:00:00+00:00"


def test_a_style_based_on_a_heading_is_a_heading(parsed: Parse) -> None:
    styles = '<style:style style:name="P1" style:parent-style-name="Heading_20_3"/>'
    assert parsed("a.odt", odf("text", '<text:p text:style-name="P1">Deep</text:p>', styles=styles)).text == "### Deep"


def test_preformatted_lines_are_one_block_of_code(parsed: Parse) -> None:
    line = '<text:p text:style-name="Preformatted_20_Text">{}</text:p>'
    text = parsed("a.odt", odf("text", line.format("x = 1") + line.format("y = 2") + "<text:p>Done</text:p>")).text
    assert text == "```\nx = 1\ny = 2\n```\n\nDone"


def test_a_table_keeps_its_columns_and_nested_tables_their_words(parsed: Parse) -> None:
    inner = f"<table:table><table:table-row>{cell('x')}{cell('y')}</table:table-row></table:table>"
    body = (
        f"<table:table><table:table-row>{cell('Room')}{cell('Seats')}</table:table-row>"
        f"<table:table-row><table:table-cell>{inner}</table:table-cell>{cell('A|B')}</table:table-row></table:table>"
    )
    assert parsed("a.odt", odf("text", body)).text == "| Room | Seats |\n| --- | --- |\n| x y | A\\|B |"


def test_a_claim_of_a_million_cells_is_not_believed(parsed: Parse) -> None:
    body = (
        '<table:table><table:table-row><table:table-cell table:number-columns-repeated="1000000">'
        f"<text:p>x</text:p></table:table-cell></table:table-row><table:table-row>{cell('y')}</table:table-row>"
        "</table:table>"
    )
    assert parsed("a.odt", odf("text", body)).text.count("x") == 64


def test_footnotes_come_last_and_deleted_text_and_comments_do_not_come(parsed: Parse) -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes><text:p>Words<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>The note.</text:p></text:note-body></text:note>"
        "<office:annotation><text:p>comment</text:p></office:annotation> go on.</text:p>"
    )
    assert parsed("a.odt", odf("text", body)).text == "Words[1] go on.\n\n[1] The note."


def test_each_slide_is_a_page_with_its_title_as_heading(parsed: Parse) -> None:
    def frame(kind: str, text: str, top: str) -> str:
        return (
            f'<draw:frame presentation:class="{kind}" svg:x="1cm" svg:y="{top}"><draw:text-box>'
            f"<text:p>{text}</text:p></draw:text-box></draw:frame>"
        )

    notes = f"<presentation:notes>{frame('notes', 'Speak slowly', '0cm')}</presentation:notes>"
    first = frame("outline", "Below", "9cm") + frame("subtitle", "Above", "5cm") + frame("title", "One", "1cm")
    first += frame("footer", "Company", "20cm")
    body = f"<draw:page>{first}</draw:page><draw:page>{frame('title', 'Two', '1cm')}{notes}</draw:page>"
    document = parsed("a.odp", odf("presentation", body))
    assert [document.text[page.start : page.end] for page in document.pages] == [
        "# One\n\nAbove\n\nBelow",
        "# Two\n\nSpeak slowly",
    ]


def test_entities_are_never_followed(parsed: Parse) -> None:
    evil = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    body = "<text:p>Safe.&e;</text:p>"
    safe = f"{evil}<office:document-content {NAMES}><office:body><office:text>{body}</office:text></office:body>"
    content = zipped({"mimetype": f"{ODF}.text", "content.xml": f"{safe}</office:document-content>"})
    assert parsed("a.odt", content).text == "Safe."


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"content.xml": "<broken"}, "is no readable OpenDocument text; open it"),
        ({"META-INF/manifest.xml": "<m:encryption-data/>"}, "is protected"),
    ],
)
def test_damage_and_passwords_are_told_in_a_sentence(parsed: Parse, more: dict[str, str], sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        parsed("a.odt", odf("text", "<text:p>x</text:p>", more=more))


def test_a_document_that_unpacks_too_large_is_refused(parsed: Parse) -> None:
    content = odf("text", "<text:p>x</text:p>", more={"Pictures/a.bin": "0" * (3 << 20)})
    with pytest.raises(UnreadableDocument, match=r"raise limits\.unpacked_mb"):
        parsed("a.odt", content, options(unpacked_mb=2, unpacked_ratio=100_000))
    with pytest.raises(UnreadableDocument, match=r"raise limits\.unpacked_ratio"):
        parsed("a.odt", content, options(unpacked_ratio=5))
