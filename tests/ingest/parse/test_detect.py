"""The type of a file is told by its bytes; what cannot be read is refused with a helpful sentence."""

import gzip
import io
import tarfile

import pytest
from PIL import Image

from app.errors import UnreadableDocument
from tests.ingest.parse.conftest import Parse
from tests.ingest.parse.ole_file import ole_file
from tests.ingest.parse.packages import zipped as package

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    return stream.getvalue()


def archive() -> bytes:
    return package({"notes.txt": "hello"})


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        made.addfile(tarfile.TarInfo("notes.txt"))
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
        ("a.docx", archive(), "is named .docx but holds a ZIP archive"),
        ("a.pages", package({"Index/Document.iwa": "x"}), "export it as PDF"),
        ("a.vsdx", package({"[Content_Types].xml": "x", "_rels/.rels": "x", "visio/x": "x"}), "save it as PDF"),
        ("a.odg", package({"mimetype": "application/vnd.oasis.opendocument.graphics"}), "save it as PDF"),
        (
            "a.tar.gz",
            gzip.compress(b"x" * 99, mtime=0),
            "is a gzip archive; unpack it and add the files, or pack them as .zip",
        ),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 300, "is a 7-Zip archive; unpack it"),
        ("a.tar", tar(), "is a tar archive; unpack it"),
        ("a.doc", ole_file({"WordDocument": b"x"}), "is a Word 97–2003 document; save it as .docx"),
        ("a.xls", ole_file({"PowerPoint Document": b"x"}), "is a PowerPoint 97–2003 presentation; save it as .pptx"),
        ("a.docx", ole_file({"EncryptedPackage": b"x"}), "protected with a password"),
        ("a.pdf", ole_file({"Workbook": b"x"}), "is named .pdf but holds an Excel 97–2003 workbook"),
        ("a.docx", ole_file({"__properties_version1.0": b"x"}), "is named .docx but holds an Outlook message"),
        ("a.ppt", OLE, "is a PowerPoint 97–2003 presentation; save it as .pptx"),
        ("a.msg", OLE, "is an old or damaged Office file; open it"),
        ("a.pdf", rb"{\rtf1 hello}", "is named .pdf but holds rich text"),
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
        ("a.adoc", "= Hi", "text/asciidoc"),
        ("a.rst", "Hi\n==", "text/x-rst"),
        ("export.xls", "<html><body><table><tr><td>1</td></tr></table></body></html>", "text/html"),
    ],
)
def test_text_types_are_told_by_name_and_then_by_look(parsed: Parse, name: str, content: str, media_type: str) -> None:
    assert parsed(name, content).media_type == media_type


def test_the_title_falls_back_to_the_file_name(parsed: Parse) -> None:
    assert parsed("Holiday plan.txt", "We go to the sea.").title == "Holiday plan"
