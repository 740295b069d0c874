"""Spreadsheets and delimited text."""

import csv
import datetime
import io
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.dispatch import parse
from ingest.parse.tabular import find_delimiter
from ingest.sandbox.tables import QueryLimits, select_rows
from tests.ingest.parse.conftest import NO_OCR, Parse, options


def book(tmp_path: Path, sheets: dict[str, list[list[object]]]) -> ParsedDocument:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "stored-without-suffix")
    return parse(tmp_path / "stored-without-suffix", "Prices.xlsx", NO_OCR)


def rows_of(document: ParsedDocument, index: int = 0) -> tuple[tuple[object, ...], ...]:
    """The data of one of its tables."""
    assert document.tables_file
    query = f'SELECT * FROM "{document.tables[index].name}"'
    return select_rows(document.tables_file, query, QueryLimits(1_000_000, 60, 256, 1)).rows


def test_each_sheet_is_a_heading_and_a_table(tmp_path: Path) -> None:
    parsed = book(tmp_path, {"Rooms": [["Name", "Seats"], ["Alpha", 12]], "Empty": [], "Costs": [["€"], [2.5]]})
    assert parsed.text == (
        "## Rooms\n\n| Name | Seats |\n| --- | --- |\n| Alpha | 12 |\n\n## Costs\n\n| € |\n| --- |\n| 2.5 |"
    )
    assert parsed.title == "Prices"


def test_values_are_written_as_people_read_them(tmp_path: Path) -> None:
    row = [datetime.datetime(2024, 1, 31), datetime.datetime(2024, 1, 31, 8, 30), 3.0, 0.1 + 0.2, True, None, "a|b\nc"]
    assert (
        "| 2024-01-31 | 2024-01-31 08:30:00 | 3 | 0.3 | TRUE |  | a\\|b c |"
        in book(tmp_path, {"S": [["x"] * 7, row]}).text
    )


def test_blank_rows_part_two_tables(tmp_path: Path) -> None:
    parsed = book(tmp_path, {"S": [["a", "b"], [1, 2], [None, None], [None, "c", "d"], [None, 3, 4]]})
    assert parsed.text.endswith("| 1 | 2 |\n\n| c | d |\n| --- | --- |\n| 3 | 4 |")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found_also_with_others_inside_quotes(delimiter: str) -> None:
    stream = io.StringIO()
    rows = [["name", "note"], ["A, b; c", "x | y"], ["D", "1,5"], ["E", "2,5"]]
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    assert find_delimiter(stream.getvalue()) == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_in_its_encoding(parsed: Parse, encoding: str) -> None:
    content = "Straße;Größe\nMüllerweg;groß\n".encode(encoding)
    assert parsed("a.csv", content).text == "| Straße | Größe |\n| --- | --- |\n| Müllerweg | groß |"


def test_excels_separator_line_is_obeyed_and_left_out(parsed: Parse) -> None:
    assert parsed("a.csv", "sep=;\na;b,c\n1;2,5\n").text.startswith("| a | b,c |")


def test_short_and_long_rows_make_one_table(parsed: Parse) -> None:
    assert parsed("a.csv", "a,b\n1\n2,3,4\n").text == "| a | b |  |\n| --- | --- | --- |\n| 1 |  |  |\n| 2 | 3 | 4 |"


def test_the_csv_edge_cases_mean_what_their_json_says(fixtures: Path) -> None:
    for path in sorted((fixtures / "csv_spectrum/csvs").glob("*.csv")):
        meant = json.loads((fixtures / "csv_spectrum/json" / f"{path.stem}.json").read_text())
        if not isinstance(meant, list):  # one file's JSON differs from its CSV
            continue
        parsed = parse(path, path.name, NO_OCR)
        cells = [value.replace("\r\n", "\n") for record in meant for value in record.values()]
        assert [column.name for column in parsed.tables[0].columns] == list(meant[0]), path.name
        assert ["" if value is None else str(value) for row in rows_of(parsed) for value in row] == cells, path.name
        for cell in cells:
            assert " ".join(cell.split()).replace("|", r"\|") in parsed.text, path.name


def test_a_table_becomes_one_data_table_with_typed_columns(parsed: Parse) -> None:
    table = parsed("Verkäufe 2025.csv", "Day,Item,Amount\n2025-01-31,007,9.50\n2025-02-28,008,12.00\n").tables[0]
    assert (table.name, table.title, table.rows) == ("verkaufe_2025", "Verkäufe 2025", 2)
    assert [(column.name, column.type) for column in table.columns] == [
        ("Day", "DATE"),
        ("Item", "VARCHAR"),
        ("Amount", "DECIMAL(18,2)"),
    ]


def test_the_data_file_is_complete_and_alone_when_the_parse_ends(parsed: Parse) -> None:
    made = parsed("a.csv", "a,b\n1,2\n").tables_file
    assert made
    assert [path.name for path in made.parent.iterdir()] == ["tables.duckdb"]


def test_what_holds_no_rows_leaves_no_data_file(parsed: Parse) -> None:
    made = parsed("a.csv", "a,b,c\n")
    assert (made.tables, made.tables_file) == ((), None)


def test_a_file_without_any_cell_is_refused(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument):
        parsed("a.csv", "\n,,\n\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "latin-1", "shift_jis", "utf-8"])
def test_an_encoding_without_a_mark_is_found(parsed: Parse, encoding: str) -> None:
    rows = "名前,都市\n田中太郎,東京都千代田区\n" if encoding in ("shift_jis", "utf-8") else "Stadt,Straße\nKöln,Weg\n"
    made = parsed("a.csv", (rows + rows.partition("\n")[2] * 5).encode(encoding))
    assert made.text.split("\n")[2] == f"| {rows.splitlines()[1].replace(',', ' | ')} |"


def test_accents_far_into_a_file_do_not_break_it(parsed: Parse) -> None:
    content = b"name,n\n" + b"plain,1\n" * 20_000 + "Käthe,2\n".encode("cp1252")
    assert rows_of(parsed("a.csv", content))[-1] == ("Käthe", 2)


def test_the_header_stands_below_the_lines_about_the_file(parsed: Parse) -> None:
    made = parsed("k.csv", "Kontoauszug\nKunde;Max\n\nTag;Text;Betrag\n01.02.2025;Miete;-800,00\n02.02.2025;;1,50\n")
    assert made.text.startswith("Kontoauszug\n\nKunde Max\n\n| Tag | Text | Betrag |")
    assert rows_of(made) == (
        (datetime.date(2025, 2, 1), "Miete", Decimal("-800.00")),
        (datetime.date(2025, 2, 2), None, Decimal("1.50")),
    )


def test_without_a_header_all_rows_are_data(parsed: Parse) -> None:
    made = parsed("a.csv", "1,2.5\n2,3.5\n3,4.5\n")
    assert [column.name for column in made.tables[0].columns] == ["Column 1", "Column 2"]
    assert rows_of(made) == ((1, 2.5), (2, 3.5), (3, 4.5))


def test_column_names_are_told_apart_whatever_their_case(parsed: Parse) -> None:
    made = parsed("a.csv", 'Name,name,,Name 2,a""b\nx,1,2,3,4\n')
    assert [column.name for column in made.tables[0].columns] == ["Name", "name 3", "Column 3", "Name 2", 'a""b']


def test_a_long_table_says_what_is_in_it_before_its_rows(parsed: Parse) -> None:
    regions = ['"South, far"', "North"]
    lines = [f"2025-01-{day:02},{regions[day % 2]},{day}.5,K{day}" for day in range(1, 31)]
    made = parsed("sales.csv", "\n".join(["Day,Region,Amount,Key", *lines]))
    assert made.text.startswith(
        "## sales\n\nTable “sales”: 30 rows; columns: Day (date, 2025-01-01 to 2025-01-30); "
        "Region (2 values: North, “South, far”); Amount (number, 1.5 to 30.5); Key (text).\n\n| Day |"
    )


def test_rows_beyond_the_limit_of_the_text_are_data_only_and_this_is_said(parsed: Parse) -> None:
    made = parsed("a.csv", "n\n" + "".join(f"{n}\n" for n in range(50)), options(text_rows=10))
    assert made.text.endswith("| 9 |")
    assert made.tables[0].rows == 50
    assert made.warnings == ("The first 10 of the 50 rows of “a” are in the text and searched; all are kept as data.",)


def test_more_rows_than_the_limit_are_refused_and_as_many_are_not(parsed: Parse) -> None:
    rows = "a,b\n" + "1,x\n" * 20
    assert parsed("a.csv", rows, options(rows=20)).tables[0].rows == 20
    with pytest.raises(UnreadableDocument, match=r"more than 20 rows.*limits\.rows"):
        parsed("a.csv", rows + "1,x\n", options(rows=20))


def test_gaps_written_out_leave_a_column_of_numbers_or_dates_one(parsed: Parse) -> None:
    document = parsed(
        "Stock.csv", "item,price,sent,note\nbolt,1.50,2024-02-01,n/a\nnut,n/a,-,NA\nnail,2.25,2024-03-01,none\n"
    )
    (table,) = document.tables
    assert [column.type for column in table.columns] == ["VARCHAR", "DECIMAL(18,2)", "DATE", "VARCHAR"]
    assert [(row[1] is None, row[2] is None, row[3]) for row in rows_of(document)] == [
        (False, False, "n/a"),
        (True, True, "NA"),
        (False, False, "none"),
    ]


def test_a_column_of_nothing_but_gaps_stays_text(parsed: Parse) -> None:
    (table,) = parsed("Stock.csv", "item,price\nbolt,n/a\nnut,-\n").tables
    assert [column.type for column in table.columns] == ["VARCHAR", "VARCHAR"]
