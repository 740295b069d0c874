"""Question sets as CSV: question, document, quote."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain import AskedQuestion
from app.errors import Rejected

COLUMNS = ("question", "document", "quote")
MOST = 5_000
DISARMED = tuple(f"'{start}" for start in "=+-@\t\r\n")


@dataclass(frozen=True, slots=True)
class ReadQuestions:
    """`questions` that can be kept, and a sentence for each row that cannot."""

    questions: tuple[AskedQuestion, ...]
    refused: tuple[str, ...]


def read_questions(content: str, document_ids: Mapping[str, str]) -> ReadQuestions:
    """Read a question set. `document_ids`: of the knowledge base's documents, by name.

    Raises Rejected where the columns are not those, or the rows too many.
    """
    rows = csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))
    if rows.fieldnames is None or not set(COLUMNS) <= {name.strip().lower() for name in rows.fieldnames if name}:
        raise Rejected(f"The first line must name the columns {', '.join(COLUMNS)}.")
    questions, refused = [], []
    for number, row in enumerate(rows, start=2):
        if number > MOST + 1:
            raise Rejected(f"A question set has at most {MOST:,} questions; split the file.")
        text, document, quote = (_cell(row, column) for column in COLUMNS)
        if not (text and document and quote):
            refused.append(f"Line {number} lacks a question, a document or a quote.")
        elif document not in document_ids:
            refused.append(f"Line {number}: there is no document “{document}”.")
        else:
            questions.append(AskedQuestion(text, document_ids[document], quote))
    return ReadQuestions(tuple(questions), tuple(refused))


def _cell(row: Mapping[str, str | None], column: str) -> str:
    found = next((value for name, value in row.items() if name and name.strip().lower() == column), "") or ""
    # What our own exports put before a text that a spreadsheet would take for a formula.
    return " ".join((found[1:] if found.startswith(DISARMED) else found).split())
