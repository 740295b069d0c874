"""Files that the tests make themselves, and the real ones where they are at hand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.domain import ParsedDocument
from app.settings import load_settings
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions

FIXTURES = Path(__file__).parents[3] / "../shared/fixtures"
# What a parse unpacks is looked at before the next one needs the room; the folder goes when the tests end.
WORKSPACE = TemporaryDirectory(prefix="cloister-parse-")


def options(ocr: str = "off", *, password: str | None = None, **limits: int) -> ParseOptions:
    """Options with these limits, the other settings as they come."""
    settings = load_settings({"ocr": {"engine": ocr, "dpi": 150}, "limits": {"pages": 100, **limits}})
    return ParseOptions.of(settings, workspace=Path(WORKSPACE.name), password=password)


NO_OCR = options()
WITH_OCR = options("auto")

Parse = Callable[..., ParsedDocument]


@pytest.fixture
def fixtures() -> Path:
    """Real third-party documents; they are not part of the repository."""
    if not FIXTURES.is_dir():
        pytest.skip(f"NO REAL DOCUMENTS: {FIXTURES} is absent, so parsing is tested on made files only")
    return FIXTURES


@pytest.fixture
def parsed(tmp_path: Path) -> Parse:
    """Parse bytes or text as a file of this name."""

    def parse_content(name: str, content: bytes | str, options: ParseOptions = NO_OCR) -> ParsedDocument:
        path = tmp_path / "stored"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return parse(path, name, options)

    return parse_content


def pdf_of(path: Path, pages: Sequence[Sequence[tuple[float, float, str]]], **facts: str) -> Path:
    """A PDF with text at (x, y) on each page."""
    canvas = Canvas(str(path), pagesize=A4, encrypt=facts.get("password"))
    canvas.setTitle(facts.get("title", ""))
    canvas.setAuthor(facts.get("author", ""))
    for page in pages:
        canvas.setFont("Helvetica", 11)
        for x, y, text in page:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return path
