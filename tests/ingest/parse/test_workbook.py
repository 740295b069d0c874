"""Workbooks: what a sheet holds besides plain rows, in the three formats."""

import datetime
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt  # type: ignore[import-untyped]
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment

from app.errors import UnreadableDocument
from ingest.parse.dispatch import parse
from tests.ingest.parse.conftest import NO_OCR
from tests.ingest.parse.test_tabular import book, rows_of

ODS_MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
ODS_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3">
<office:body><office:spreadsheet><table:table table:name="Lager">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def ods_cell(value: object) -> str:
    match value:
        case datetime.date():
            kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        case int() | float():
            kind = f'office:value-type="float" office:value="{value}"'
        case _:
            kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"


def ods(path: Path, rows: list[list[object]]) -> Path:
    lines = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_MEDIA_TYPE}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", ODS_MEDIA_TYPE)
        package.writestr("content.xml", ODS_CONTENT.format(rows=lines))
        package.writestr("META-INF/manifest.xml", manifest)
    return path


def xls(path: Path, rows: list[list[object]]) -> Path:
    made = xlwt.Workbook()
    sheet = made.add_sheet("Lager")
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if isinstance(value, datetime.date):
                sheet.write(row, column, value, xlwt.easyxf(num_format_str="YYYY-MM-DD"))
            else:
                sheet.write(row, column, value)
    made.save(str(path))
    return path


@pytest.mark.parametrize(("suffix", "write"), [("xls", xls), ("ods", ods)])
def test_old_and_open_workbooks_are_read_like_new_ones(tmp_path: Path, suffix: str, write: type) -> None:
    day = datetime.date(2025, 1, 31)
    path = write(tmp_path / "stored", [["Artikel", "Menge", "Am"], ["007", 10, day], ["008", 2.5, day]])
    parsed = parse(path, f"Bestand.{suffix}", NO_OCR)
    assert parsed.text == (
        "## Lager\n\n| Artikel | Menge | Am |\n| --- | --- | --- |\n"
        "| 007 | 10 | 2025-01-31 |\n| 008 | 2.5 | 2025-01-31 |"
    )
    assert rows_of(parsed) == (("007", 10.0, day), ("008", 2.5, day))
    assert parsed.title == "Bestand"


def test_merged_headers_name_each_of_their_columns(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet
    for row in [["Region", "2024", None, "All"], [None, "Q1", "Q2", None], ["N", 1, 2, 3], ["S", 3, 4, 7]]:
        sheet.append(row)
    for cells in ("A1:A2", "B1:C1", "D1:D2"):
        sheet.merge_cells(cells)
    made.save(tmp_path / "stored")
    parsed = parse(tmp_path / "stored", "a.xlsx", NO_OCR)
    assert [each.name for each in parsed.tables[0].columns] == ["Region", "2024 Q1", "2024 Q2", "All"]
    assert "| Region | 2024 Q1 | 2024 Q2 | All |" in parsed.text


def test_words_that_span_rows_stand_in_each_and_numbers_once(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet
    for row in [["Region", "City", "Budget"], ["North", "Ghent", 100], [None, "Lille", None], ["South", "Nice", 50]]:
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("C2:C3")
    made.save(tmp_path / "stored")
    parsed = parse(tmp_path / "stored", "a.xlsx", NO_OCR)
    assert rows_of(parsed) == (("North", "Ghent", 100), ("North", "Lille", None), ("South", "Nice", 50))


def test_what_goes_on_below_a_blank_row_is_one_table(tmp_path: Path) -> None:
    parsed = book(tmp_path, {"S": [["Item", "n"], ["a", 1], [], ["b", 2], ["c", 3], [], ["Other", "m"], ["d", 4]]})
    assert [(table.name, table.rows) for table in parsed.tables] == [("s", 3), ("s_2", 1)]
    assert rows_of(parsed) == (("a", 1), ("b", 2), ("c", 3))


def test_tables_side_by_side_are_two(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b", None, None, "c", "d"], [1, 2, None, None, 3, 4], [5, 6, None, None, 7, 8]]
    parsed = book(tmp_path, {"S": rows})
    assert [rows_of(parsed, index) for index in (0, 1)] == [((1, 2), (5, 6)), ((3, 4), (7, 8))]


def test_a_line_by_itself_names_the_table_below_it(tmp_path: Path) -> None:
    parsed = book(tmp_path, {"S": [["Sales by region"], [], ["Region", "n"], ["N", 1]]})
    assert parsed.text.startswith("## S\n\nSales by region\n\n| Region | n |")
    assert parsed.tables[0].title == "S – Sales by region"


def test_prose_is_text_only(tmp_path: Path) -> None:
    sentences = [["These are notes on how the figures came about, who counted them, and when."]] * 3
    assert book(tmp_path, {"Notes": [*sentences], "One": [["x"]]}).tables == ()


def test_charts_comments_and_hidden_sheets_are_read_too(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet
    for row in [["Year", "Ducks"], [2023, 5], [2024, 7]]:
        sheet.append(row)
    sheet["B3"].comment = Comment("Counted twice", "Jane")
    chart = BarChart()
    chart.title = "Ducks by year"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart)
    hidden = made.create_sheet("Draft")
    hidden.sheet_state = "hidden"
    hidden["A1"] = "secret"
    made.save(tmp_path / "stored")
    parsed = parse(tmp_path / "stored", "a.xlsx", NO_OCR)
    assert "Ducks by year" in parsed.text
    assert "Comment by Jane at B3: Counted twice" in parsed.text
    assert "## Draft\n\nsecret" in parsed.text
    assert parsed.warnings == ("The hidden sheet “Draft” was read too.",)


def test_cells_too_far_apart_to_hold_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"far apart.*limits\.memory_mb"):
        book(tmp_path, {"S": [["a", "b"], *[[]] * 1_000_000, [*[None] * 500, "z"]]})


def test_a_damaged_workbook_is_refused_in_a_sentence(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [1, 2]]
    content = xls(tmp_path / "whole", rows).read_bytes()
    (tmp_path / "stored").write_bytes(content[:1000] + b"\xff" * 3000 + content[4000:])
    with pytest.raises(UnreadableDocument, match=r"a\.xls"):
        parse(tmp_path / "stored", "a.xls", NO_OCR)


def test_a_real_open_document_table_is_read(fixtures: Path) -> None:
    path = fixtures / "parsers/odf/odf_table_with_title_01.ods"
    parsed = parse(path, path.name, NO_OCR)
    assert [(table.rows, [column.type for column in table.columns]) for table in parsed.tables] == [
        (6, ["BIGINT", "BIGINT"])
    ]
