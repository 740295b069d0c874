"""Diffs as lines that can be shown."""

from app.web.admin.diffs import DiffLine, LineKind, read_diff
from ingest.sources.crawl.text import LONGEST_DIFF, unified_diff


def shown(before: str, after: str) -> list[tuple[str, str]]:
    return [(line.kind.value, line.text) for line in read_diff(unified_diff(before, after))]


def test_added_removed_and_kept_lines_are_told_apart() -> None:
    assert shown("# Fruit\n\nApples.\nPears.\n", "# Fruit\n\nApples.\nPlums.\nQuinces.\n") == [
        ("same", "# Fruit"),
        ("same", ""),
        ("same", "Apples."),
        ("removed", "Pears."),
        ("added", "Plums."),
        ("added", "Quinces."),
    ]


def test_lines_that_look_like_marks_of_the_format_are_text() -> None:
    assert shown("-- a\n++ b\n@@ c", "@@ -1 +1 @@ d\n++ b\n@@ c")[:2] == [
        ("removed", "-- a"),
        ("added", "@@ -1 +1 @@ d"),
    ]


def test_left_out_lines_say_where_it_goes_on() -> None:
    lines = [f"line {n}" for n in range(40)]
    changed = ["new", *lines[1:30], "other", *lines[31:]]
    gaps = [line for line in read_diff(unified_diff("\n".join(lines), "\n".join(changed))) if line.kind == "gap"]
    assert gaps == [DiffLine(LineKind.GAP, number=28)]


def test_words_that_differ_are_marked_in_lines_that_are_alike() -> None:
    removed, added = read_diff(unified_diff("Pears cost three euros.", "Pears cost four euros."))
    assert [text for text, differs in removed.pieces if differs] == ["three"]
    assert [text for text, differs in added.pieces if differs] == ["four"]
    other = read_diff(unified_diff("Pears cost three euros.", "Nothing of this is left now, not one word."))
    assert not any(differs for line in other for _, differs in line.pieces)


def test_a_diff_that_was_cut_says_so() -> None:
    lines = read_diff(unified_diff("", "x\n" * LONGEST_DIFF))
    assert lines[-1].kind is LineKind.CUT
