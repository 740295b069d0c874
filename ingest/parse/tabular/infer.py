"""The types of a staged table's columns: for each the first way to read it that fits all of its cells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from ingest.parse.tabular.readings import CURRENCY, Dialect, Reading, list_readings

# What fails on the first rows need not be tried on all.
FIRST_ROWS: Final = 50
SAMPLE_ROWS: Final = 2000
COLUMNS_AT_ONCE: Final = 8
READINGS: Final = tuple(list_readings())
SPACE: Final = "' ' || chr(9) || chr(10) || chr(160)"
# What exports write where there is nothing, in lower case.
MISSING: Final = ("n/a", "na", "#n/a", "n.a.", "k.a.", "k. a.", "nan", "null", "none", "-", "–", "—", "?")
UNITS: Final = "|".join(rf"\{unit}" if unit == "$" else unit for unit in CURRENCY.split("|"))
BEFORE: Final = rf"^({UNITS})\s?-?\d"
AFTER: Final = rf"\d\s?({UNITS}|%)$"


@dataclass(frozen=True, slots=True)
class Habits:
    """What is known of how a file writes numbers. `assumed` dialects are believed without proof.

    `is_typed`: numbers were numbers in the file, and come as `1.234` whatever its language.
    """

    assumed: frozenset[Dialect] = frozenset()
    is_typed: bool = False


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A column and the SQL that gives its values from the stage."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class _Staged:
    """A column of the stage: `cell` is SQL for what is to be read of it, `guard` what must hold besides."""

    index: int
    name: str
    cell: str
    guard: str = "true"


def infer_columns(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], habits: Habits
) -> Sequence[InferredColumn]:
    """The columns of the table `stage`, whose columns are `c0`, `c1` …, under these names."""
    staged = _with_units(connection, [_Staged(index, name, present(index)) for index, name in enumerate(names)])
    candidates = _matching(connection, staged)
    sampled = _fitting(connection, candidates, f"(FROM stage LIMIT {SAMPLE_ROWS})", habits)
    fitting = _fitting(connection, {column: tuple(found) for column, found in sampled.items()}, "stage", habits)
    assumed = habits.assumed | _implied([found for found in fitting.values() if found])
    return [_inferred(column, names, fitting[column], assumed) for column in staged]


def trimmed(index: int) -> str:
    """SQL for a cell of the stage without the space around it; blank is NULL."""
    return f"nullif(trim(c{index}, {SPACE}), '')"


def present(index: int) -> str:
    """SQL for a trimmed cell that says something: one that says “n/a” is a gap among numbers and dates.

    In a column of text it stays as it is: NA is a country there, and None may be an answer.
    """
    listed = ", ".join(f"'{mark}'" for mark in MISSING)
    return f"CASE WHEN lower({trimmed(index)}) NOT IN ({listed}) THEN {trimmed(index)} END"


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def _inferred(
    column: _Staged, names: Sequence[str], found: Mapping[Reading, bool], assumed: frozenset[Dialect]
) -> InferredColumn:
    for reading, is_proven in found.items():
        if is_proven or reading.dialect in assumed:
            return InferredColumn(column.name, reading.type, reading.value.format(c=column.cell))
    text = f"CASE WHEN {trimmed(column.index)} IS NOT NULL THEN c{column.index} END"
    return InferredColumn(names[column.index], "VARCHAR", text)


def _implied(fitting: Sequence[Mapping[Reading, bool]]) -> frozenset[Dialect]:
    """The dialects that a file is taken to write everywhere, once its columns prove one and no other."""
    firsts = [next((reading for reading, is_proven in found.items() if is_proven), None) for found in fitting]
    proven = frozenset(reading.dialect for reading in firsts if reading and reading.dialect)
    if proven and proven <= {"plain", "english"}:
        return frozenset({"plain", "english"})
    return proven if len(proven) == 1 else frozenset()


def _matching(connection: duckdb.DuckDBPyConnection, columns: Sequence[_Staged]) -> dict[_Staged, tuple[Reading, ...]]:
    """The readings whose patterns match the first cells: DuckDB takes half a second to plan all of them at once."""
    cells = ", ".join(column.cell for column in columns)
    rows = connection.execute(f"SELECT {cells} FROM stage LIMIT {FIRST_ROWS}").fetchall()  # noqa: S608
    return {
        column: tuple(reading for reading in READINGS if _all_match(reading, found))
        for column, found in zip(columns, zip(*rows, strict=True), strict=True)
    }


def _all_match(reading: Reading, cells: Sequence[str | None]) -> bool:
    return all(cell is None or re.fullmatch(reading.pattern, cell, re.ASCII) for cell in cells)


def _fitting(
    connection: duckdb.DuckDBPyConnection,
    candidates: Mapping[_Staged, Sequence[Reading]],
    source: str,
    habits: Habits,
) -> dict[_Staged, dict[Reading, bool]]:
    """The readings that fit every cell of each column, and whether a cell proves them."""
    columns = list(candidates)
    fitting: dict[_Staged, dict[Reading, bool]] = {}
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        asked = [
            (column, reading) for column in columns[start : start + COLUMNS_AT_ONCE] for reading in candidates[column]
        ]
        answers = _ask(
            connection, [part for column, reading in asked for part in _tests(column, reading, habits)], source
        )
        for column in columns[start : start + COLUMNS_AT_ONCE]:
            fitting[column] = {}
        for (column, reading), fits, proves in zip(asked, answers[::2], answers[1::2], strict=True):
            if fits:
                fitting[column][reading] = bool(proves)
    return fitting


def _tests(column: _Staged, reading: Reading, habits: Habits) -> tuple[str, str]:
    fits = reading.fits.format(c=column.cell)
    if habits.is_typed and reading.dialect == "german":
        # 1.234 came as a number here, so a point alone parts no thousands.
        fits += f" AND (contains({column.cell}, ',') OR NOT contains({column.cell}, '.'))"
    # NULL for a column without any cell: nothing fits it.
    return (
        f"bool_and(({fits}) AND {column.guard}) FILTER ({column.cell} IS NOT NULL)",
        f"bool_or({reading.proof.format(c=column.cell)}) FILTER ({column.cell} IS NOT NULL)",
    )


def _ask(connection: duckdb.DuckDBPyConnection, tests: Sequence[str], source: str) -> Sequence[object]:
    if not tests:
        return ()
    return connection.execute(f"SELECT {', '.join(tests)} FROM {source}").fetchone() or ()  # noqa: S608


def _with_units(connection: duckdb.DuckDBPyConnection, columns: Sequence[_Staged]) -> list[_Staged]:
    """A column whose cells all bear one currency, or a percent sign, is read without it and named with it."""
    made: list[_Staged] = []
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        asked = columns[start : start + COLUMNS_AT_ONCE]
        ends = [f"{end}({_unit(column)})" for column in asked for end in ("min", "max")]
        units = _ask(connection, ends, f"(FROM stage LIMIT {SAMPLE_ROWS})")
        made += [_with_unit(*found) for found in zip(asked, units[::2], units[1::2], strict=True)]
    return made


def _unit(column: _Staged) -> str:
    return f"regexp_extract({column.cell}, '{BEFORE}', 1) || regexp_extract({column.cell}, '{AFTER}', 1)"


def _with_unit(column: _Staged, least: object, greatest: object) -> _Staged:
    if not least or least != greatest:
        return column
    unit = str(least)
    name = column.name if unit in column.name else f"{column.name} ({unit})"
    guard = f"{_unit(column)} = '{unit}'"
    return replace(column, name=name, cell=f"trim(replace({column.cell}, '{unit}', ''), {SPACE})", guard=guard)
