"""Rich text."""

import pytest

from app.errors import UnreadableDocument
from tests.ingest.parse.conftest import Parse

HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}}{\stylesheet{\s1\outlinelevel0 heading 1;}}"
)


def test_headings_paragraphs_and_lists_become_markdown(parsed: Parse) -> None:
    text = parsed(
        "a.rtf",
        HEAD + r"\pard\plain\s1\outlinelevel0 Leave\par\pard\plain Thirty days, \u8364? 5, Gr\'fc\'dfe.\par"
        r"\pard\s2\outlinelevel1 {\listtext\pard\plain 1.1\tab}Rules\par"
        r"\pard{\listtext\pard\plain\f3 \'b7\tab}Ask {\b early}\par\pard{\listtext\pard\plain 1.\tab}Sign\par}",
    ).text
    assert text == "# Leave\n\nThirty days, € 5, Grüße.\n\n## 1.1 Rules\n\n- Ask early\n1. Sign"


def test_a_table_stands_between_its_paragraphs(parsed: Parse) -> None:
    row = r"\trowd\cellx100\cellx200\pard\intbl {}\cell {}\cell\row "
    rows = row.replace("{}", "Room", 1).replace("{}", r"Seats\par more", 1) + row.replace("{}", "A|B", 1).replace(
        "{}", "12", 1
    )
    text = parsed("a.rtf", HEAD + r"\pard Before\par" + rows + r"\pard After\par}").text
    assert text == "Before\n\n| Room | Seats more |\n| --- | --- |\n| A\\|B | 12 |\n\nAfter"


def test_facts_are_read_and_pictures_left_out(parsed: Parse) -> None:
    info = r"{\info{\title Gr\'fc\'dfe}{\author Ada}{\creatim\yr2024\mo1\dy31\hr12\min5}}"
    document = parsed("a.rtf", HEAD + info + r"{\pict\pngblip 89504e470d0a}\pard Words\par}")
    assert (document.text, document.title, document.author) == ("Words", "Grüße", "Ada")
    assert document.created_at is not None
    assert document.created_at.isoformat() == "2024-01-31T12:05:00+00:00"


def test_a_link_keeps_its_address(parsed: Parse) -> None:
    link = r'{\field{\*\fldinst{HYPERLINK "https://x.example/a"}}{\fldrslt the law}}'
    assert parsed("a.rtf", HEAD + rf"\pard See {link}.\par" + "}").text == "See the law (https://x.example/a)."


def test_rich_text_named_doc_is_read_by_its_content(parsed: Parse) -> None:
    assert parsed("a.doc", HEAD + r"\pard Words\par}").media_type == "application/rtf"


def test_rich_text_without_words_is_refused(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="holds no text"):
        parsed("a.rtf", r"{\rtf1 }")
