"""The type of a file is told by its bytes; what cannot be read is refused with a helpful sentence."""

import io
import zipfile

import pytest
from PIL import Image

from app.errors import UnreadableDocument
from tests.ingest.parse.conftest import Parse

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    return stream.getvalue()


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("notes.txt", "hello")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"", "a.pdf is empty"),
        ("a.csv", b"", "a.csv is empty"),
        ("a.txt", b" \n\t\n", "a.txt is empty"),
        ("a.bin", bytes(range(256)) * 20, "unknown type"),
        ("a.pdf", png(), "is named .pdf but holds a PNG image; rename it or"),
        ("a.pdf", b"just text here", "is named .pdf but holds plain text"),
        ("a.docx", b"%PDF-1.4\n", "is named .docx but holds a PDF"),
        ("a.csv", png(), "is named .csv but holds a PNG image"),
        ("a.pdf", b"%PDF-1.7\nbroken beyond repair", "is a broken PDF; open it in a viewer"),
        ("a.docx", b"PK\x03\x04 cut short", "is damaged"),
        ("a.zip", archive(), "ZIP archive that is no Office document; unpack it"),
        ("a.doc", OLE + "WordDocument".encode("utf-16-le"), "save it as .docx"),
        ("a.xls", OLE + "Workbook".encode("utf-16-le"), "save it as .xlsx"),
        ("a.ppt", OLE + "PowerPoint Document".encode("utf-16-le"), "save it as .pptx"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
        ("a.msg", OLE, "save it as .eml"),
        ("a.rtf", rb"{\rtf1 hello}", "save it as .docx"),
        ("a.mp3", b"ID3" + b"\0" * 300, "cannot be read"),
        ("a.png", png(), "OCR is switched off"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(parsed: Parse, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        parsed(name, content)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.csv", "a,b\n1,2\n", "text/csv"),
        ("a.md", "# Hi", "text/markdown"),
        ("README", "plain words", "text/plain"),
        ("page", "<!DOCTYPE html><html><body><p>Hi</p></body></html>", "text/html"),
        ("mail", "From: a@x\nTo: b@x\nSubject: Hi\n\nBody", "message/rfc822"),
        ("script.py", "print('hi')", "text/plain"),
    ],
)
def test_text_types_are_told_by_name_and_then_by_look(parsed: Parse, name: str, content: str, media_type: str) -> None:
    assert parsed(name, content).media_type == media_type


def test_the_title_falls_back_to_the_file_name(parsed: Parse) -> None:
    assert parsed("Holiday plan.txt", "We go to the sea.").title == "Holiday plan"
