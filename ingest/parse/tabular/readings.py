"""What type a column of strings has: the ways to read one, most specific first, as SQL over the column.

A way to read must fit every cell that is not empty, so no cell is ever lost; else the column stays VARCHAR.
DuckDB's own sniffer read 1.234 in a German file as 1.234 and 007 as 7.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Dialect = Literal["plain", "english", "german", "swiss", "french"]
# The sign between thousands and the decimal sign. French files part thousands by any of three spaces.
SIGNS: Final[dict[Dialect, tuple[str, str]]] = {
    "plain": ("", "."),
    "english": (",", "."),
    "german": (".", ","),
    "swiss": ("['’]", "."),
    "french": ("[ \u00a0\u202f]", ","),
}
CURRENCY: Final = "€|$|£|¥|EUR|USD|CHF|GBP|JPY|SEK|NOK|DKK|PLN|CZK"
# More digits are numbers of cards and parcels, and beyond what DOUBLE keeps.
WHOLE: Final = r"(?:0|[1-9]\d{0,14})"
ISO_TIME: Final = r"[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
GERMAN_TIME: Final = r" \d{1,2}:\d{2}(?::\d{2})?"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a column. `pattern` is what each cell must match in full, for Python and DuckDB alike.

    `value`, `check` and `proof` are SQL with `{c}` for the trimmed cell. `check` must hold for each cell besides;
    `proof` is what one cell at least must be: `1.234` alone proves neither a German nor an English number.
    """

    type: str
    pattern: str
    value: str
    check: str = "true"
    proof: str = "true"
    dialect: Dialect | None = None

    @property
    def fits(self) -> str:
        """SQL that holds for a cell that can be read so."""
        return f"({_matches(self.pattern)} AND {self.check})"


def list_readings() -> Iterator[Reading]:
    """All ways, in the order in which they are preferred."""
    yield Reading("BOOLEAN", "(?i:true|false|wahr|falsch)", "lower({c}) IN ('true', 'wahr')")
    yield Reading("BIGINT", f"-?{WHOLE}", "TRY_CAST({c} AS BIGINT)")
    yield from _dates()
    for dialect in SIGNS:
        yield from _numbers(dialect)


def _matches(pattern: str) -> str:
    quoted = pattern.replace("'", "''").replace("{", "{{").replace("}", "}}")
    return f"regexp_full_match({{c}}, '{quoted}')"


def _dates() -> Iterator[Reading]:
    for sign in "-/":
        date = rf"\d{{4}}{sign}\d{{2}}{sign}\d{{2}}"
        cell = f"replace({{c}}, '{sign}', '-')"
        yield _checked("DATE", date, f"TRY_CAST({cell} AS DATE)")
        # A moment may miss where it is midnight, but not everywhere.
        yield _checked("TIMESTAMP", f"{date}(?:{ISO_TIME})?", f"TRY_CAST({cell} AS TIMESTAMP)")
    yield from _dates_written("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}")
    for sign in "/-":
        day_first, month_first = f"%d{sign}%m{sign}%Y", f"%m{sign}%d{sign}%Y"
        pattern = rf"\d{{1,2}}{sign}\d{{1,2}}{sign}\d{{4}}"
        # A cell that only one order can read decides; without one, 01/02/2025 stays as it is written.
        yield from _dates_written(day_first, pattern, not_as=month_first)
        yield from _dates_written(month_first, pattern, not_as=day_first)


def _dates_written(style: str, pattern: str, not_as: str = "") -> Iterator[Reading]:
    day = "split_part({c}, ' ', 1)"
    proof = f"try_strptime({day}, '{not_as}') IS NULL" if not_as else "true"
    yield _checked("DATE", pattern, f"CAST(try_strptime({{c}}, '{style}') AS DATE)", proof)
    styles = f"['{style} %H:%M:%S', '{style} %H:%M', '{style}']"
    yield _checked("TIMESTAMP", f"{pattern}(?:{GERMAN_TIME})?", f"try_strptime({{c}}, {styles})", proof)


def _checked(type: str, pattern: str, value: str, proof: str = "true") -> Reading:
    return Reading(type, pattern, value, f"{value} IS NOT NULL", proof)


def _numbers(dialect: Dialect) -> Iterator[Reading]:
    group, point = SIGNS[dialect]
    group_pattern = group if group.startswith("[") else rf"\{group}"
    whole = rf"(?:{WHOLE}|[1-9]\d{{0,2}}(?:{group_pattern}\d{{3}}){{1,4}})" if group else WHOLE
    plain = _without(group, point)
    ambiguous = rf"-?(?:{WHOLE}|[1-9]\d{{0,2}}[.,]\d{{3}})"
    proof = f"NOT {_matches(ambiguous)}"
    if group:
        yield Reading("BIGINT", f"-?{whole}", f"TRY_CAST({plain} AS BIGINT)", proof=proof, dialect=dialect)
    # Two decimals throughout are money, and money is exact.
    money = rf"-?{whole}(?:\{point}\d{{2}})?"
    yield Reading("DECIMAL(18,2)", money, f"TRY_CAST({plain} AS DECIMAL(18,2))", proof=proof, dialect=dialect)
    number = rf"-?{whole}(?:\{point}\d{{1,20}})?"
    value = f"TRY_CAST({plain} AS DOUBLE)"
    yield Reading("DOUBLE", number, value, proof=proof, dialect=dialect)
    if dialect == "plain":
        # 1E5 is as likely an article as a number.
        power = r"-?\d(?:\.\d{1,20})?[eE][+-]\d{1,3}|-?\d\.\d{1,20}[eE]\d{1,3}"
        has_power = f"contains(lower({plain}), 'e')"
        yield Reading("DOUBLE", f"{number}|{power}", value, f"isfinite({value})", has_power, dialect)


def _without(group: str, point: str) -> str:
    """The cell as SQL can cast it."""
    signs = group.strip("[]").replace("'", "''")
    without = f"translate({{c}}, '{signs}', '')" if group else "{c}"
    return without if point == "." else f"replace({without}, '{point}', '.')"
