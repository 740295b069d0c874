"""Layout, from plain lines: reading order, turned pages, tables over page breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Rect
from ingest.parse.layout import PageLine, PageLines, compose
from ingest.parse.layout.order import reading_order
from ingest.parse.layout.tables import with_headers
from ingest.parse.layout.turn import turn_rect, turn_rect_back, turned_size


def column(left: float, width: float, lines: int, top: float = 700) -> list[Rect]:
    return [Rect(left, top - 14 * n, left + width, top - 14 * n + 10) for n in range(lines)]


def order_of(*rects: Rect) -> list[int]:
    return reading_order(rects)


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = column(50, 200, 6), column(300, 200, 6, top=705)
    mixed = [rect for pair in zip(left, right, strict=True) for rect in pair]
    assert [mixed[index] for index in reading_order(mixed)] == left + right


def test_a_title_over_both_columns_comes_first_and_a_note_below_them_last() -> None:
    title, note = Rect(50, 740, 500, 760), Rect(50, 560, 500, 570)
    rects = [note, *column(300, 200, 6), *column(50, 200, 6), title]
    ordered = [rects[index] for index in reading_order(rects)]
    assert ordered == [title, *column(50, 200, 6), *column(300, 200, 6), note]


def test_three_columns_are_read_from_left_to_right() -> None:
    rects = column(350, 130, 5) + column(50, 130, 5) + column(200, 130, 5)
    assert reading_order(rects) == [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0, 1, 2, 3, 4]


def test_cells_side_by_side_are_read_row_by_row() -> None:
    labels, values = column(50, 40, 6), column(300, 30, 6)
    assert order_of(*labels, *values) == [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]


coordinates = st.floats(0, 600, allow_nan=False)
sizes = st.floats(1, 300, allow_nan=False)
rects = st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), coordinates, coordinates, sizes, sizes)


@given(st.lists(rects, max_size=60))
def test_every_line_is_read_once(found: list[Rect]) -> None:
    assert sorted(reading_order(found)) == list(range(len(found)))


@given(st.floats(-180, 360), rects)
def test_a_rectangle_turned_back_covers_what_it_was(degrees: float, rect: Rect) -> None:
    width, height = 900.0, 900.0
    back = turn_rect_back(turn_rect(rect, width, height, degrees), width, height, degrees)
    assert back.left <= rect.left + 1e-6
    assert back.bottom <= rect.bottom + 1e-6
    assert back.right >= rect.right - 1e-6
    assert back.top >= rect.top - 1e-6


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (0, Rect(10, 20, 110, 30)),
        (90, Rect(370, 10, 380, 110)),
        (180, Rect(490, 370, 590, 380)),
        (270, Rect(20, 490, 30, 590)),
    ],
)
def test_quarter_turns_are_exact(degrees: int, expected: Rect) -> None:
    turned = turn_rect(Rect(10, 20, 110, 30), 600, 400, degrees)
    assert close(turned, expected)
    assert close(turn_rect_back(turned, 600, 400, degrees), Rect(10, 20, 110, 30))


def close(found: Rect, expected: Rect) -> bool:
    pairs = zip(edges(found), edges(expected), strict=True)
    return all(one == pytest.approx(other, abs=1e-6) for one, other in pairs)


def edges(rect: Rect) -> tuple[float, float, float, float]:
    return rect.left, rect.bottom, rect.right, rect.top


@given(st.floats(-360, 360), rects)
def test_a_turned_rectangle_lies_on_the_turned_page(degrees: float, rect: Rect) -> None:
    width, height = turned_size(900, 900, degrees)
    turned = turn_rect(rect, 900, 900, degrees)
    assert -1e-6 <= turned.left <= turned.right <= width + 1e-6
    assert -1e-6 <= turned.bottom <= turned.top <= height + 1e-6


def test_lines_of_a_turned_page_are_joined_as_they_read_and_placed_as_they_stand() -> None:
    # The page is 400 × 600 as displayed; turned by a quarter it is 600 × 400, and its lines lie level.
    lines = tuple(PageLine(text, Rect(50, 300 - 14 * n, 350, 310 - 14 * n)) for n, text in enumerate(["One", "two."]))
    text, (page,) = compose([PageLines(400, 600, lines, turned=90, ocr_confidence=0.9)])
    assert text == "One\ntwo."
    assert page.ocr_confidence == 0.9
    first, second = (line.rect for line in page.lines)
    assert first.top - first.bottom == pytest.approx(300)
    assert second.left == pytest.approx(
        first.left - 14
    )  # the page was turned clockwise: what comes later is further left


# --- tables over page breaks ---------------------------------------------------------------------------


def table_page(*rows: str, footer: str = "") -> PageLines:
    lines = [
        PageLine(text, Rect(50, 700 - 20 * n, 400, 720 - 20 * n), kind="table", starts_block=n == 0)
        for n, text in enumerate(rows)
    ]
    if footer:
        lines.append(PageLine(footer, Rect(50, 30, 100, 40), size=10))
    return PageLines(600, 800, tuple(lines))


RULE = "| --- | --- |"


def texts(page: PageLines) -> list[str]:
    return [line.text for line in page.lines]


def test_a_table_that_goes_on_over_a_page_break_repeats_its_header() -> None:
    pages = [
        table_page("| Room | Seats |", RULE, "| A | 1 |", footer="7"),
        table_page("| B | 2 |", RULE, "| C | 3 |", footer="8"),
        table_page("| D | 4 |", RULE),
    ]
    _, second, third = with_headers(pages)
    assert texts(second) == ["| Room | Seats |", RULE, "| B | 2 |", "| C | 3 |", "8"]
    assert texts(third) == ["| Room | Seats |", RULE, "| D | 4 |"]
    assert [line.starts_block for line in second.lines] == [True, False, False, False, False]
    assert second.lines[0].rect.bottom == second.lines[0].rect.top == second.lines[2].rect.top


def test_a_header_that_stands_on_both_pages_is_not_repeated() -> None:
    pages = [table_page("| Room | Seats |", RULE, "| A | 1 |"), table_page("| Room | Seats |", RULE, "| B | 2 |")]
    assert with_headers(pages) == pages


def test_another_table_on_the_next_page_keeps_its_own_header() -> None:
    wider = table_page("| x | y |", RULE, "| B | 2 |")
    moved = PageLines(600, 800, tuple(PageLine(n.text, Rect(90, 1, 500, 2), kind="table") for n in wider.lines))
    pages = [table_page("| Room | Seats |", RULE, "| A | 1 |"), moved]
    assert with_headers(pages) == pages
