"""Dates in the notations that people and documents use, as keys that can be compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS_OF_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sept okt nov dez",
)
_MONTH_BY_NAME = {name: number for names in _MONTHS_OF_LANGUAGES for number, name in enumerate(names.split(), start=1)}
_MONTH = "|".join(sorted(_MONTH_BY_NAME, key=len, reverse=True))
_DIGIT = re.compile(r"\d")
_OF = r"(?:\s+(?:of|de|del|di))?"
_END = r"(?![\w/-]|[.,:]\d)"
_NOTATIONS = re.compile(
    rf"""
    (?<![\w.,/:-])(?:
      (?P<iso_year>\d{{4}})[-/](?P<iso_month>\d{{1,2}})[-/](?P<iso_day>\d{{1,2}})(?=T\d|{_END})
    | (?P<first>\d{{1,2}})(?P<mark>[./-])\s?(?P<second>\d{{1,2}})(?P=mark)\s?(?P<year>\d{{4}}|\d{{2}}){_END}
    | (?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º)?{_OF}[\s-]+(?P<month>{_MONTH})\b\.?,?
      (?:{_OF}[\s-]+(?P<day_year>\d{{4}}){_END})?
    | (?P<us_month>{_MONTH})\b\.?\s+(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|\s?[%€°])
      (?:,?\s+(?P<us_year>\d{{4}}){_END})?
    | (?P<only_month>{_MONTH})\b\.?,?{_OF}\s+(?P<month_year>\d{{4}}){_END}
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# Two figures stand for a year of this century up to here, for one of the last century beyond.
_LAST_SHORT_YEAR = 69
_LEAP_YEAR = 2024


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date at `text[start:end]`.

    `readings` are what it may mean: `2025-03-01`, without a year `--03-01`, without a day `2025-03`; 03/01/2025 may
    mean two.
    """

    start: int
    end: int
    readings: frozenset[str]


def find_dates(text: str) -> Iterator[FoundDate]:
    """The dates of a text, in order. What cannot be a date (31.02.2025, an address) is none."""
    if not _DIGIT.search(text):
        return
    for match in _NOTATIONS.finditer(text):
        readings = frozenset(_readings(match.groupdict()))
        if readings and _is_name_of_month(match):
            yield FoundDate(match.start(), match.end(), readings)


def parts_of_date(reading: str) -> frozenset[str]:
    """What a reading also says: 2025-03-01 is also a first of March, a March of 2025, and in 2025 (as `2025`)."""
    if reading.startswith("--"):
        return frozenset({reading})
    year, *rest = reading.split("-")
    return frozenset({reading, f"{year}-{rest[0]}", year, *([f"--{rest[0]}-{rest[1]}"] if len(rest) > 1 else [])})


def names_of_month(reading: str) -> list[str]:
    """The names of a reading's month in all languages."""
    number = int(reading.removeprefix("--").split("-")[0 if reading.startswith("--") else 1])
    return [name for name, month in _MONTH_BY_NAME.items() if month == number]


def _readings(found: dict[str, str | None]) -> Iterator[str]:
    match found:
        case {"iso_year": str(year), "iso_month": str(month), "iso_day": str(day)}:
            yield from _date(year, month, day)
        case {"first": str(first), "second": str(second), "year": str(year), "mark": str(mark)}:
            yield from _date(_full_year(year), second, first)
            if mark != ".":
                yield from _date(_full_year(year), first, second)
        case {"day": str(day), "month": str(month), "day_year": year}:
            yield from _date(year, _month(month), day)
        case {"us_month": str(month), "us_day": str(day), "us_year": year}:
            yield from _date(year, _month(month), day)
        case {"only_month": str(month), "month_year": str(year)}:
            yield f"{year}-{_month(month):02}"


def _date(year: str | None, month: str | int, day: str) -> Iterator[str]:
    try:
        valid = date(int(year or _LEAP_YEAR), int(month), int(day))
    except ValueError:
        return
    yield valid.isoformat() if year else f"-{valid.isoformat()[4:]}"


def _full_year(year: str) -> str:
    if len(year) == 4:
        return year
    return f"{20 if int(year) <= _LAST_SHORT_YEAR else 19}{year}"


def _month(name: str) -> int:
    return _MONTH_BY_NAME[name.casefold()]


def _is_name_of_month(match: re.Match[str]) -> bool:
    """English “may 5” and “mar 3” in small letters are words; elsewhere months are written small."""
    name = match["month"] or match["us_month"] or match["only_month"]
    return name is None or name not in {"may", "mar", "march", "mars"} or match["day_year"] is not None
