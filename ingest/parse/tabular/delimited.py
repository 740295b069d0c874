"""CSV and TSV of any usual encoding and separator."""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Final

from app.domain import ParsedDocument
from ingest.parse.markdown import heading
from ingest.parse.media_type import MediaType
from ingest.parse.options import ParseOptions
from ingest.parse.tabular.header import SAMPLE_ROWS, Row
from ingest.parse.tabular.infer import Habits
from ingest.parse.tabular.lines import find_encoding, read_lines
from ingest.parse.tabular.section import Reader, Rows, Section, stem
from ingest.parse.tabular.store import open_tables

DELIMITERS: Final = ",;\t|"
SAMPLE_LINES: Final = 200
SAMPLE_CHARACTERS: Final = 1 << 20
# With commas between cells, a comma or a point within one is English; semicolons are used where commas are decimal.
ENGLISH: Final = Habits(frozenset({"plain", "english"}))
UNKNOWN: Final = Habits()


def parse_delimited(path: Path, name: str, media_type: MediaType, options: ParseOptions) -> ParsedDocument:
    """One table: text as far as `limits.text_rows` allows, and data. Blank rows are left out.

    Raises UnreadableDocument for too many rows.
    """
    encoding = find_encoding(path)
    first = "".join(islice(read_lines(path, encoding), SAMPLE_LINES))[:SAMPLE_CHARACTERS]
    stated = stated_delimiter(first)
    delimiter = stated or ("\t" if media_type is MediaType.TSV else find_delimiter(first))

    def rows() -> Iterator[Row]:
        return read_rows(islice(read_lines(path, encoding), 1 if stated else 0, None), delimiter)

    with open_tables(options) as tables:
        reader = Reader(name, tables, ENGLISH if delimiter in ",|" else UNKNOWN, options)
        section = reader.read(_measured(rows), stem(name))
        return ParsedDocument(
            text=_text(section, stem(name)),
            media_type=media_type,
            tables=tuple(tables.tables),
            tables_file=tables.path if tables.tables else None,
            warnings=section.warnings,
        )


def _text(section: Section, title: str) -> str:
    # A short file is found by its rows; a name above them would be most of its words.
    blocks = section.blocks
    return "\n\n".join([heading(title, 2), *blocks] if section.summary else blocks)


def _measured(rows: Callable[[], Iterator[Row]]) -> Rows:
    filled = (row for row in rows() if any(row))
    sample = list(islice(filled, SAMPLE_ROWS))
    first = list(islice(rows(), SAMPLE_ROWS))
    parted = next((index for index, row in enumerate(first) if not any(row)), 0)
    return Rows(sample, chain(sample, filled), max(map(len, rows()), default=0), parted=parted)


def read_rows(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    """All rows, cell by cell as they are quoted."""
    csv.field_size_limit(sys.maxsize)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def stated_delimiter(text: str) -> str:
    """The separator of the line `sep=;` that Excel writes first, or ""."""
    first = text.partition("\n")[0].strip(' \r\n"')
    return first[4:] if first.lower().startswith("sep=") and len(first) == 5 else ""


def find_delimiter(text: str) -> str:
    """The separator that gives the most rows the same number of cells; a comma where none does.

    csv.Sniffer was wrong or raised on 3 of our 21 samples: it counts characters inside quotes too.
    """
    return max(DELIMITERS, key=lambda delimiter: _regularity(text, delimiter))


def _regularity(text: str, delimiter: str) -> tuple[float, int]:
    try:
        rows = [row for row in csv.reader(StringIO(text), delimiter=delimiter) if row]
    except csv.Error:
        return (0.0, 0)
    widths = [len(row) for row in rows]
    common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    if common < 2:
        return (0.0, 0)
    return (round(widths.count(common) / len(widths), 1), common)
