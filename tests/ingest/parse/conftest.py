"""Files that the tests make themselves, and the real ones where they are at hand."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.domain import ParsedDocument
from ingest.parse import ParseOptions, parse

FIXTURES = Path(__file__).parents[3] / "../shared/fixtures"
NO_OCR = ParseOptions(max_pages=100, ocr=False, ocr_dpi=150)
WITH_OCR = ParseOptions(max_pages=100, ocr=True, ocr_dpi=150)

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
