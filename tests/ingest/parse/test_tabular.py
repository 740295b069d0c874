"""Spreadsheets and delimited text."""

import csv
import datetime
import io
import json
from pathlib import Path

import openpyxl
import pytest

from app.domain import ParsedDocument
from ingest.parse import parse
from ingest.parse.tabular import find_delimiter
from tests.ingest.parse.conftest import NO_OCR, Parse


def book(tmp_path: Path, sheets: dict[str, list[list[object]]]) -> ParsedDocument:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "stored-without-suffix")
    return parse(tmp_path / "stored-without-suffix", "Prices.xlsx", NO_OCR)


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
        text = parse(path, path.name, NO_OCR).text
        for record in meant if isinstance(meant, list) else []:  # one file's JSON differs from its CSV
            for value in record.values():
                assert " ".join(value.split()).replace("|", r"\|") in text, path.name
