"""How much of the words of real documents arrives, against the text that another converter gave."""

from pathlib import Path

import pytest

from app.errors import UnreadableDocument
from bench.parsers import list_samples, word_f1
from ingest.parse.dispatch import parse
from tests.ingest.parse.conftest import NO_OCR


# Measured minus two points; the rest is mostly comments, repeated merged cells and addresses of links.
@pytest.mark.parametrize(
    ("folder", "least"),
    [
        ("pdf", 0.92),
        ("docx", 0.94),
        ("pptx", 0.90),
        ("xlsx", 0.90),
        ("odf", 0.94),
        ("html", 0.91),
        ("md", 0.95),
        ("csv", 0.98),
        ("asciidoc", 0.94),
    ],
)
def test_the_words_of_real_documents_arrive(fixtures: Path, folder: str, least: float) -> None:
    scores = []
    for path, expected in list_samples(folder):
        try:
            text = parse(path, path.name, NO_OCR).text
        except UnreadableDocument:
            text = ""
        scores.append(word_f1(text, expected))
    assert sum(scores) / len(scores) >= least
