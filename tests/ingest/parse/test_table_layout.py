"""Where tables lie in a sheet, and which of their rows are titles and headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.tabular.areas import Area, find_areas
from ingest.parse.tabular.header import Row, column_names, find_layout
from ingest.parse.tabular.store import table_name

WORD = st.text("abcdefghijklmnop", min_size=1, max_size=8)
TABLES = st.integers(2, 6).flatmap(
    lambda width: st.tuples(
        st.lists(WORD, min_size=width, max_size=width, unique=True),
        st.lists(
            st.tuples(st.integers(0, 999).map(str), *[WORD | st.just("")] * (width - 1)).map(list),
            min_size=2,
            max_size=9,
        ),
    )
)


def masks(*rows: str) -> list[int]:
    """`x` where a cell is filled."""
    return [sum(1 << index for index, cell in enumerate(row) if cell == "x") for row in rows]


@given(TABLES)
def test_words_above_numbers_are_the_header(table: tuple[list[str], list[Row]]) -> None:
    names, rows = table
    layout = find_layout([names, *rows], len(names))
    assert (layout.titles, layout.headers, layout.names) == (0, 1, tuple(names))


@given(TABLES)
def test_without_words_above_the_numbers_there_is_no_header(table: tuple[list[str], list[Row]]) -> None:
    names, rows = table
    assert find_layout(rows, len(names)).headers == 0


@given(TABLES, st.integers(1, 3))
def test_lines_above_a_blank_row_are_titles(table: tuple[list[str], list[Row]], count: int) -> None:
    names, rows = table
    full = [[*row[:1], *[cell or "z" for cell in row[1:]]] for row in rows]
    titles = [["About this file", *[""] * (len(names) - 1)]] * count
    layout = find_layout([*titles, names, *full], len(names), parted=count)
    assert (layout.titles, layout.names) == (count, tuple(names))


@pytest.mark.parametrize(
    ("rows", "titles", "headers", "names"),
    [
        ([["Sales", "", ""], ["Day", "Item", "Sum"], ["1", "a", "2"]], 1, 1, ("Day", "Item", "Sum")),
        ([["Region", "2024", "", "2025"], ["", "Q1", "Q2", "Q1"], ["N", "1", "2", "3"], ["S", "4", "5", "6"]],
         0, 2, ("Region", "2024 Q1", "2024 Q2", "2025 Q1")),
        ([["Region", "2023", "2024"], ["N", "100", "200"], ["S", "150", "250"]], 0, 1, ("Region", "2023", "2024")),
        ([["Name", "City"], ["Ann", "Ghent"], ["Bob", "Lille"]], 0, 1, ("Name", "City")),
        ([["Ann", "Ghent"], ["Bob", "Ghent"], ["Ann", "Lille"]], 0, 0, ("", "")),
        ([["1", "2"], ["a", "b"], ["c", "d"]], 0, 1, ("1", "2")),
    ],
)  # fmt: skip
def test_titles_and_headers_are_told_from_rows(
    rows: list[Row], titles: int, headers: int, names: tuple[str, ...]
) -> None:
    layout = find_layout(rows, len(names))
    assert (layout.titles, layout.headers, layout.names) == (titles, headers, names)


@given(st.lists(st.sampled_from(["a", "A", "a 2", "", "Column 1", "b"]) | st.text(max_size=5), max_size=12))
def test_no_two_columns_share_a_name(names: list[str]) -> None:
    made = column_names(names)
    assert len({name.casefold() for name in made}) == len(names)
    assert all(made)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Sales 2025", "sales_2025"),
        ("Verkäufe", "verkaufe"),
        ("2025", "table_2025"),
        ("売上", "table"),
        ('a"b;--', "a_b"),
    ],
)
def test_the_name_of_a_table_needs_no_quotes(title: str, name: str) -> None:
    assert table_name(title) == name


def test_blank_rows_part_tables() -> None:
    assert find_areas(masks("", "xx", "xx", "", " xx")) == [Area(1, 3, (0, 1)), Area(4, 5, (1, 2))]


def test_tables_side_by_side_are_parted_and_a_spacer_is_not() -> None:
    assert find_areas(masks("xx  xx", "xx  xx", "xx")) == [Area(0, 3, (0, 1)), Area(0, 2, (4, 5))]
    assert find_areas(masks("xx xx", "xx xx")) == [Area(0, 2, (0, 1, 3, 4))]


def test_a_form_with_gaps_is_one_area() -> None:
    assert len(find_areas(masks("x", "xx  x", "xx  xx", "xx   x"))) == 1


@given(st.lists(st.integers(0, 2**7 - 1), max_size=12))
def test_every_filled_cell_lies_in_exactly_one_area(filled: list[int]) -> None:
    cells = [
        (row, column)
        for area in find_areas(filled)
        for row in range(area.top, area.bottom)
        for column in area.columns
        if filled[row] >> column & 1
    ]
    assert sorted(cells) == [
        (row, column) for row in range(len(filled)) for column in range(7) if filled[row] >> column & 1
    ]
