"""Results of tables as text."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from app.domain import Cell, TableResult
from app.web.chat.computed import cell_text, copy_computed, render_computed
from app.web.chat.words import ENGLISH, GERMAN, Words

SQL = "SELECT region, sum(amount) FROM orders GROUP BY region"


def result(
    rows: int = 2, *, sql: str = SQL, is_cut: bool = False, unused: tuple[str, ...] | None = None
) -> TableResult:
    cells: tuple[tuple[Cell, ...], ...] = tuple((f"North {n}", n * 1.5) for n in range(rows))
    return TableResult(sql, ("region", "total"), cells, is_cut, ("d1",), unused is None, unused or ())


def test_a_result_is_a_table_above_its_sql() -> None:
    assert render_computed(result(), ENGLISH) == (
        "| region | total |\n| --- | ---: |\n| North 0 | 0.0 |\n| North 1 | 1.5 |\n\n"
        f"###### How this was computed\n\n```sql\n{SQL}\n```"
    )


@pytest.mark.parametrize(
    ("shown", "note"),
    [
        (result(12), "The first 10 of 12 rows."),
        (result(12, is_cut=True), "The first 10 of more than 12 rows."),
        (result(5, is_cut=True), "The first 5 rows; there are more."),
        (result(0), "No row fits."),
    ],
)
def test_rows_that_are_not_shown_are_counted(shown: TableResult, note: str) -> None:
    text = render_computed(shown, ENGLISH)
    assert f"*{note}*" in text
    assert text.count("| North") == min(len(shown.rows), 10)


def test_words_that_did_not_go_into_the_query_are_named_first() -> None:
    text = render_computed(result(unused=("yesterday", "[1]")), ENGLISH)
    assert text.startswith(
        "*This may not be what you asked for: “yesterday”, “\\[1\\]” did not go into the computation.*\n\n| region"
    )
    assert render_computed(result(unused=()), GERMAN).startswith(f"*{GERMAN.computed.unsure}*")


def test_cells_are_shown_as_they_are_and_long_ones_cut() -> None:
    cells: tuple[Cell, ...] = ("![x](https://evil.invalid) | [1] <b>\nnext", "word " * 100)
    text = render_computed(TableResult(SQL, ("a|b", "c"), (cells,), False, (), True), ENGLISH)
    assert "| a\\|b | c |" in text
    assert "| \\!\\[x\\](https\\://evil.invalid) \\| \\[1\\] \\<b\\> next | word word" in text
    assert max(map(len, text.splitlines())) < 250


def test_sql_cannot_leave_its_block_and_holds_no_chip() -> None:
    text = render_computed(result(sql="SELECT '```\n![x](y)' , a[1]"), ENGLISH)
    assert text.endswith("````sql\nSELECT '```\n![x](y)' , a[ 1 ]\n````")


def test_what_is_copied_has_whole_cells_and_the_sql_as_it_ran() -> None:
    cells: tuple[Cell, ...] = ("word " * 100,)
    copied = copy_computed(TableResult("SELECT a[1]", ("a",), (cells,), False, (), True), ENGLISH)
    assert copied.count("word") == 100
    assert copied.endswith("How this was computed:\n\n```sql\nSELECT a[1]\n```")


@pytest.mark.parametrize(
    ("cell", "words", "shown"),
    [
        (0.1 + 0.2, ENGLISH, "0.3"),
        (1234.5, GERMAN, "1234,5"),
        (1e20, ENGLISH, "1e+20"),
        (Decimal("12.50"), ENGLISH, "12.5"),
        (Decimal("1E+3"), ENGLISH, "1000"),
        (2023, ENGLISH, "2023"),
        (True, GERMAN, "ja"),
        (None, ENGLISH, "–"),
        (date(2024, 3, 9), ENGLISH, "2024-03-09"),
        (date(2024, 3, 9), GERMAN, "09.03.2024"),
        (datetime(2024, 3, 9, 14, 5), ENGLISH, "2024-03-09 14:05"),
        (datetime(2024, 3, 9), ENGLISH, "2024-03-09"),
    ],
)
def test_a_cell_is_written_as_the_reader_writes_it(cell: Cell, words: Words, shown: str) -> None:
    assert cell_text(cell, words) == shown


def test_a_column_of_figures_lines_up_and_is_grouped_while_years_are_not() -> None:
    rows: tuple[tuple[Cell, ...], ...] = ((2024, 841882.4), (2025, 570075.0), (2026, None))
    text = render_computed(TableResult("SELECT 1", ("year", "sum"), rows, False, (), True), GERMAN)
    assert "| 2024 | 841.882,4 |\n| 2025 | 570.075,0 |\n| 2026 | – |" in text


def test_long_fractions_are_cut_to_two_decimals_where_that_says_enough() -> None:
    rows: tuple[tuple[Cell, ...], ...] = ((1234.5, 0.0034), (176.357142857, 0.5), (2, None))
    text = render_computed(TableResult("SELECT 1", ("average", "share"), rows, False, (), True), ENGLISH)
    assert "| 1,234.50 | 0.0034 |\n| 176.36 | 0.5 |\n| 2.00 | – |" in text
    copied = copy_computed(TableResult("SELECT 1", ("average", "share"), rows, False, (), True), ENGLISH)
    assert "| 176.357142857 |" in copied
