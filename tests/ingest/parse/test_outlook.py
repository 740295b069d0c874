"""Outlook messages are read like the e-mails that they are."""

from pathlib import Path

import pytest

from app.errors import UnreadableDocument
from ingest.parse.dispatch import parse
from tests.ingest.parse.conftest import NO_OCR, Parse
from tests.ingest.parse.ole_file import attached_message, attachment, message, ole_file, recipient

SUBJECT, BODY, SENDER, SENDER_ADDRESS = 0x0037, 0x1000, 0x0C1A, 0x0C1F
HTML, RTF = 0x1013, 0x1009
HELLO = {SUBJECT: "Grüße", BODY: "Hello Bob.\r\nBye.", SENDER: "Ada", SENDER_ADDRESS: "ada@x.example"}


def test_a_message_shows_its_headers_and_body(parsed: Parse) -> None:
    people = {
        "__recip_version1.0_#00000000": recipient("Bob", "bob@x.example"),
        "__recip_version1.0_#00000001": recipient("Cy", "cy@x.example", kind=2),
    }
    document = parsed("a.msg", ole_file(message(HELLO, parts=people)))
    assert document.text == (
        "# Grüße\n\nFrom: Ada <ada@x.example>\nTo: Bob <bob@x.example>\nCc: Cy <cy@x.example>\n\nHello Bob.\nBye."
    )
    assert (document.title, document.author) == ("Grüße", "Ada <ada@x.example>")


def test_attachments_are_handed_on(parsed: Parse) -> None:
    parts = {"__attach_version1.0_#00000000": attachment("list.csv", b"a,b\n" * 2000)}
    (attached,) = parsed("a.msg", ole_file(message(HELLO, parts=parts))).attachments
    assert (attached.name, attached.path.read_bytes()) == ("list.csv", b"a,b\n" * 2000)


def test_an_attached_message_is_a_message_with_its_own_attachments(parsed: Parse) -> None:
    deep = {"__attach_version1.0_#00000000": attachment("deep.txt", b"deep words")}
    inner = message({SUBJECT: "Inner", BODY: "Inside."}, parts=deep, is_inner=True)
    outer = message(HELLO, parts={"__attach_version1.0_#00000000": attached_message(inner)})
    (attached,) = parsed("a.msg", ole_file(outer)).attachments
    assert attached.name == "Inner.eml"
    document = parse(attached.path, attached.name, NO_OCR)
    assert document.text == "# Inner\n\nInside."
    assert [one.name for one in document.attachments] == ["deep.txt"]


def test_a_body_in_html_becomes_markdown(parsed: Parse) -> None:
    html = "<h2>Grüße</h2><p>there</p>".encode()
    assert "## Grüße\n\nthere" in parsed("a.msg", ole_file(message({SUBJECT: "S"}, binaries={HTML: html}))).text


def test_a_body_in_compressed_rich_text_alone_is_read(parsed: Parse) -> None:
    from compressed_rtf import compress

    rtf = compress(rb"{\rtf1\ansi Only here.\par}")
    assert "Only here." in parsed("a.msg", ole_file(message({SUBJECT: "S"}, binaries={RTF: rtf}))).text


def test_a_damaged_message_is_refused_with_a_sentence(parsed: Parse) -> None:
    content = ole_file({**message(HELLO), "__properties_version1.0": b""})
    with pytest.raises(UnreadableDocument, match=r"^a\.msg is no readable Outlook message; open it"):
        parsed("a.msg", content)


def test_real_messages_give_their_words_and_attachments(fixtures: Path) -> None:
    document = parse(fixtures / "parsers/email/msg_with_attachment.msg", "m.msg", NO_OCR)
    assert "This email contains an attachment." in document.text
    assert [attached.name for attached in document.attachments] == ["test.txt", "report.pdf"]
