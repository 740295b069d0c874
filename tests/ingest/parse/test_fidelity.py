"""How much of the words of real documents arrives, against the text that another converter gave."""

import re
from collections import Counter
from pathlib import Path

import pytest

from app.errors import UnreadableDocument
from ingest.parse import parse
from tests.ingest.parse.conftest import NO_OCR


def word_f1(text: str, expected: str) -> float:
    ours, theirs = (Counter(re.findall(r"\w+", part.lower())) for part in (text, expected))
    return 2 * (ours & theirs).total() / max(ours.total() + theirs.total(), 1)


# Measured minus two points; the rest is mostly comments, repeated merged cells and addresses of links.
@pytest.mark.parametrize(
    ("folder", "least"),
    [("pdf", 0.92), ("docx", 0.94), ("pptx", 0.90), ("xlsx", 0.84), ("html", 0.91), ("md", 0.84), ("csv", 0.98)],
)
def test_the_words_of_real_documents_arrive(fixtures: Path, folder: str, least: float) -> None:
    scores = []
    for expected in sorted((fixtures / "parsers" / folder).glob("*.expected.md")):
        path = expected.with_name(expected.name.removesuffix(".expected.md"))
        try:
            text = parse(path, path.name, NO_OCR).text
        except UnreadableDocument:
            text = ""
        scores.append(word_f1(text, re.sub(r"<!--.*?-->", "", expected.read_text())))
    assert sum(scores) / len(scores) >= least
