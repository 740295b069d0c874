"""What type a column gets, and that no cell is lost on the way."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse.media_type import MediaType
from ingest.parse.tabular import parse_delimited
from ingest.parse.tabular.infer import MISSING
from tests.ingest.parse.conftest import NO_OCR
from tests.ingest.parse.test_tabular import rows_of

QUIET = settings(max_examples=40, deadline=None)
WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=12)
NUMBERS = st.integers(-(10**16), 10**16).map(str)
KINDS = (
    WORDS,
    NUMBERS,
    st.decimals(-99999, 99999, places=2).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.dates().map(date.isoformat),
    st.datetimes().map(lambda moment: moment.isoformat(sep=" ", timespec="seconds")),
    st.booleans().map(str),
    st.integers(0, 9999).map("{:05}".format),
    st.one_of(NUMBERS, WORDS, st.just("")),
)


def column(cells: list[str], *, delimiter: str = ",") -> tuple[str, list[object]]:
    """The type of a column with these cells, and its values."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([["Key", "Cell of interest"], *([f"k{index}", cell] for index, cell in enumerate(cells))])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "stored"
        path.write_text(stream.getvalue())
        parsed = parse_delimited(path, "a.csv", MediaType.CSV, NO_OCR)
    return parsed.tables[0].columns[1].type, [row[1] for row in rows_of(parsed)]


def means(cell: str, value: object) -> bool:
    """Is this value what the cell says?"""
    match value:
        case None:
            return cell.strip().lower() in ("", *MISSING)
        case bool():
            return cell.strip().lower() == str(value).lower()
        case int():
            return int(cell) == value
        case float():
            return float(cell) == value
        case Decimal():
            return Decimal(cell) == value
        case datetime():
            return datetime.fromisoformat(cell) == value
        case date():
            return date.fromisoformat(cell) == value
        case _:
            return cell == value


@QUIET
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.lists(kind, min_size=2, max_size=12)))
def test_what_goes_in_comes_out_cell_by_cell(cells: list[str]) -> None:
    _type, values = column([cell.strip() or "" for cell in cells])
    assert len(values) == len(cells)
    assert all(means(cell.strip(), value) for cell, value in zip(cells, values, strict=True)), values


@QUIET
@given(st.lists(st.dates(min_value=date(1000, 1, 1)), min_size=2, max_size=12))
def test_german_dates_are_read_as_they_are_meant(days: list[date]) -> None:
    assert column([day.strftime("%d.%m.%Y") for day in days]) == ("DATE", days)


@QUIET
@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=2, max_size=12))
def test_german_amounts_are_exact(amounts: list[Decimal]) -> None:
    cells = [f"{amount:,.2f}".translate(str.maketrans(",.", ".,")) for amount in amounts]
    assert column(cells, delimiter=";") == ("DECIMAL(18,2)", amounts)


@pytest.mark.parametrize(
    ("cells", "type", "first"),
    [
        (["1", "-2", ""], "BIGINT", 1),
        (["1,234,567", "12"], "BIGINT", 1234567),
        (["1.5", "2"], "DOUBLE", 1.5),
        (["1.5e-3", "2"], "DOUBLE", 0.0015),
        (["1.25", "3"], "DECIMAL(18,2)", Decimal("1.25")),
        (["$1,234.50", "$2.00"], "DECIMAL(18,2)", Decimal("1234.50")),
        (["12 %", "7,5 %"], "DOUBLE", 12.0),
        (["1'234.50", "1.00"], "DECIMAL(18,2)", Decimal("1234.50")),
        (["1 234,50", "1,00"], "DECIMAL(18,2)", Decimal("1234.50")),
        (["true", "FALSE"], "BOOLEAN", True),
        (["WAHR", "falsch"], "BOOLEAN", True),
        (["2025-12-31", "2024-02-29"], "DATE", date(2025, 12, 31)),
        (["2025/12/31", ""], "DATE", date(2025, 12, 31)),
        (["31/12/2025", "01/02/2025"], "DATE", date(2025, 12, 31)),
        (["12/31/2025", "01/02/2025"], "DATE", date(2025, 12, 31)),
        (["31.12.2025 14:30", "1.2.2025"], "TIMESTAMP", datetime(2025, 12, 31, 14, 30)),
        (["2025-12-31T08:30:15", "2025-12-31"], "TIMESTAMP", datetime(2025, 12, 31, 8, 30, 15)),
        (["007", "12"], "VARCHAR", "007"),
        (["12345678901234567", "1"], "VARCHAR", "12345678901234567"),
        (["1E5", "2E7"], "VARCHAR", "1E5"),
        (["01/02/2025", "03/04/2025"], "VARCHAR", "01/02/2025"),
        (["2025-02-30", "2025-02-01"], "VARCHAR", "2025-02-30"),
        (["1", "n/a"], "BIGINT", 1),
        (["2025-02-01", "-"], "DATE", date(2025, 2, 1)),
        (["1", "unknown"], "VARCHAR", "1"),
        (["€5", "$5"], "VARCHAR", "€5"),
        (["", " "], "VARCHAR", None),
        (["nan", "inf"], "VARCHAR", "nan"),
    ],
)
def test_a_column_has_the_narrowest_type_that_fits_all_of_it(cells: list[str], type: str, first: object) -> None:
    found, values = column(cells)
    assert (found, values[0]) == (type, first)


def test_a_number_that_two_languages_read_differently_stays_as_it_is_written() -> None:
    assert column(["1.234", "2.345"], delimiter=";") == ("VARCHAR", ["1.234", "2.345"])


def test_a_german_amount_decides_for_the_other_columns() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "stored"
        path.write_text("Stück;Betrag\n1.234;0,50\n2.000;1,25\n")
        parsed = parse_delimited(path, "a.csv", MediaType.CSV, NO_OCR)
    assert rows_of(parsed) == ((1234, Decimal("0.50")), (2000, Decimal("1.25")))


def test_a_unit_that_all_cells_bear_moves_to_the_name() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "stored"
        path.write_text("Preis;Anteil\n1,50 €;12 %\n2,25 €;8 %\n")
        parsed = parse_delimited(path, "a.csv", MediaType.CSV, NO_OCR)
    assert [each.name for each in parsed.tables[0].columns] == ["Preis (€)", "Anteil (%)"]
    assert rows_of(parsed)[0] == (Decimal("1.50"), 12)
