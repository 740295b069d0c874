"""Parsing and chunking make no connection, whatever the type."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# A fresh process: libraries call home when they are first imported.
SCRIPT = """
import socket, sys

tried = []
def refuse(*args, **kwargs):
    tried.append(args)
    raise OSError("no network in this test")
socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse

from pathlib import Path
from tempfile import TemporaryDirectory
from app.settings import load_settings
from app.domain import ChunkingProfile, Splitter
from ingest.chunk import chunk
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions

for name in sys.argv[1:]:
    with TemporaryDirectory() as workspace:
        document = parse(Path(name), Path(name).name, ParseOptions.of(load_settings(), workspace=Path(workspace)))
    chunk(document, ChunkingProfile(Splitter.HEADING, 50, 10), lambda texts: [len(text.split()) for text in texts])
assert not tried, tried
print("quiet")
"""


def make_files(folder: Path) -> list[str]:
    import docx
    import openpyxl
    from PIL import Image, ImageDraw, ImageFont
    from pptx import Presentation

    from tests.ingest.parse.conftest import pdf_of
    from tests.ingest.parse.ole_file import message, ole_file
    from tests.ingest.parse.packages import odf, zipped

    word = docx.Document()
    word.add_paragraph("Hello there. How are you?")
    word.save(str(folder / "a.docx"))
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.save(folder / "a.xlsx")
    slides = Presentation()
    slides.slides.add_slide(slides.slide_layouts[0]).shapes.title.text = "Hello"
    slides.save(str(folder / "a.pptx"))
    pdf_of(folder / "a.pdf", [[(72, 700, "Hello there, all of you.")]])
    image = Image.new("RGB", (500, 120), "white")
    ImageDraw.Draw(image).text((20, 30), "Hello there", fill="black", font=ImageFont.load_default(size=40))
    image.save(folder / "a.png")
    texts = {
        "a.csv": "a,b\n1,2",
        "a.tsv": "a\tb\n1\t2",
        "a.html": '<html><body><p>Hi <img src="http://x.example/y.png"></p></body></html>',
        "a.md": "# Hi\n\nThere. And more.",
        "a.txt": "Hello. You.",
        "a.eml": "From: a@x\nSubject: Hi\n\nBody. End.",
        "a.json": '{"a": "Hi there.", "b": [{"c": 1}]}',
        "a.rtf": r"{\rtf1 Hello. You.\par}",
        "a.adoc": "= Hi\n\ninclude::http://x.example/y.adoc[]\n\nimage::http://x.example/y.png[]\n\nThere.",
        "a.rst": "Hi\n==\n\n.. image:: http://x.example/y.png\n\n.. csv-table::\n   :url: http://x.example/y.csv\n\nThere.",
    }
    (folder / "a.odt").write_bytes(odf("text", "<text:p>Hello there.</text:p>"))
    (folder / "a.zip").write_bytes(zipped({"a.txt": "Hello there."}))
    (folder / "a.msg").write_bytes(ole_file(message({0x0037: "Hi", 0x1000: "Body. End."})))
    for name, text in texts.items():
        (folder / name).write_text(text)
    return sorted(str(path) for path in folder.iterdir())


def test_no_type_makes_a_connection(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *make_files(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "quiet", "")
