"""PDF through unstructured: what its elements become, and what it says where its extra is missing."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain import Rect
from app.errors import EngineUnavailable
from app.settings import load_settings
from ingest.parse.dispatch import parse
from ingest.parse.layout import compose
from ingest.parse.options import ParseOptions
from ingest.parse.pdf_unstructured import pages_of
from tests.ingest.parse.conftest import pdf_of

SIZES = [(600.0, 800.0), (600.0, 800.0)]


@dataclass(frozen=True)
class Element:
    """As much of an element of unstructured as is read of it."""

    text: str
    category: str = "NarrativeText"
    page: int = 1
    box: tuple[float, float, float, float] | None = (100, 200, 500, 240)
    depth: int | None = None
    html: str | None = None
    metadata: Any = field(init=False)

    def __post_init__(self) -> None:
        coordinates = None
        if self.box is not None:
            left, top, right, bottom = self.box
            points = ((left, top), (left, bottom), (right, bottom), (right, top))
            coordinates = SimpleNamespace(points=points, system=SimpleNamespace(width=1200, height=1600))
        metadata = SimpleNamespace(
            page_number=self.page, coordinates=coordinates, category_depth=self.depth, text_as_html=self.html
        )
        object.__setattr__(self, "metadata", metadata)


def options(tmp_path: Path, strategy: str = "fast") -> ParseOptions:
    pdf = {"engine": "unstructured", "strategy": strategy, "passwords": ["1234"]}
    return ParseOptions.of(load_settings({"parse": {"pdf": pdf}, "ocr": {"engine": "off"}}), workspace=tmp_path)


def text_of(*elements: Element, has_headings: bool = True) -> str:
    pages = pages_of(elements, SIZES, has_headings=has_headings)
    return compose([pages[number] for number in sorted(pages)])[0]


def test_elements_become_paragraphs_on_their_pages() -> None:
    found = pages_of(
        [Element("One  paragraph."), Element("Another."), Element("Next page.", page=2)], SIZES, has_headings=True
    )
    assert {number: [line.text for line in page.lines] for number, page in found.items()} == {
        1: ["One paragraph.", "Another."],
        2: ["Next page."],
    }
    assert text_of(Element("One."), Element("Two.")) == "One.\n\nTwo."


def test_coordinates_become_points_from_the_bottom_left() -> None:
    (line,) = pages_of([Element("Words")], SIZES, has_headings=True)[1].lines
    assert line.rect == Rect(50, 680, 250, 700)


def test_elements_without_coordinates_are_kept_apart() -> None:
    assert text_of(Element("One.", box=None), Element("Two.", box=None)) == "One.\n\nTwo."


def test_titles_are_headings_only_where_the_page_was_looked_at() -> None:
    title = Element("Leave", category="Title", depth=1)
    assert text_of(title, Element("Words.")) == "## Leave\n\nWords."
    assert text_of(title, Element("Words."), has_headings=False) == "Leave\n\nWords."


def test_tables_become_markdown() -> None:
    html = "<table><thead><tr><th>Room</th><th>Seats</th></tr></thead><tr><td>A | b</td><td>12</td></tr></table>"
    table = Element("Room Seats A 12", category="Table", html=html)
    assert text_of(table) == "| Room | Seats |\n| --- | --- |\n| A \\| b | 12 |"
    assert text_of(Element("Room Seats A 12", category="Table")) == "Room Seats A 12"


def test_a_missing_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unstructured.partition.pdf", None)
    with pytest.raises(EngineUnavailable, match=r'pip install "unstructured\[pdf\]"'):
        parse(pdf_of(tmp_path / "a.pdf", [[(72, 700, "Words")]]), "a.pdf", options(tmp_path))


def test_unstructured_itself_reads_a_protected_pdf_and_downloads_nothing(tmp_path: Path) -> None:
    try:
        import unstructured.partition.pdf  # noqa: F401
    except ImportError as missing:
        pytest.skip(
            f'UNSTRUCTURED NOT TESTED: its PDF extra is not installed ({missing}); pip install "unstructured[pdf]"'
        )
    path = pdf_of(tmp_path / "a.pdf", [[(72, 700, "First page of words.")], [(72, 700, "Second.")]], password="1234")
    document = parse(path, "a.pdf", options(tmp_path))
    assert document.text == "First page of words.\n\nSecond."
    assert document.pages[1].lines[0].rect.left == pytest.approx(72, abs=2)
