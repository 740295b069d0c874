"""Dates and periods as people write them, English and German."""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.answer.tables.words import Token

_MONTHS: Final = (
    "january jan januar|february feb februar|march mar maerz mrz|april apr|may mai|june jun juni|july jul juli"
    "|august aug|september sep sept|october oct oktober okt|november nov|december dec dezember dez"
)
MONTHS: Final = {word: number for number, words in enumerate(_MONTHS.split("|"), start=1) for word in words.split()}
# Words that are rather something else unless a year or a day stands beside them.
_DOUBTFUL: Final = frozenset(
    {"may", "mar", "jan", "dec", "sep", "oct", "march", "apr", "jun", "jul", "aug", "feb", "nov"}
)
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4} | {
    word + ending: number
    for number, word in enumerate(("erste", "zweite", "dritte", "vierte"), start=1)
    for ending in ("", "n", "s", "r")
}
_YEAR = re.compile(r"(?:19|20)\d\d")
_DAY = re.compile(r"([1-9]|[12]\d|3[01])(?:st|nd|rd|th)?")
_LINKS: Final = frozenset({"of", "in", "the", "des", "im", ",", "year", "jahr", "jahres"})


@dataclass(frozen=True, slots=True)
class Period:
    """`[start, end)` in days. Without a year it is the same part of every year, and `start` lies in the year 4."""

    start: date
    end: date

    @property
    def has_year(self) -> bool:
        """Whether it is known which year is meant."""
        return self.start.year > UNKNOWN_YEAR

    def in_year(self, year: int) -> "Period":
        """The same part of this year."""
        ends = year + self.end.year - self.start.year
        return Period(_moved(self.start, year), _moved(self.end, ends))


# A leap year, so that every day of a year can be said.
UNKNOWN_YEAR: Final = 4


def find_period(tokens: Sequence[Token], at: int) -> tuple[Period, int] | None:
    """The period that begins with the token at this place, and the place after it."""
    rest = tokens[at : at + 8]
    return _written_out(rest, at) or _quarter(rest, at) or _named(rest, at) or _year(rest, at)


def _written_out(rest: Sequence[Token], at: int) -> tuple[Period, int] | None:
    numbers = [int(part) for part in re.findall(r"\d+", rest[0].norm)]
    if re.fullmatch(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", rest[0].norm):
        year, month, day = numbers
    elif re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", rest[0].norm):
        day, month, year = numbers
    elif re.fullmatch(r"\d{4}-\d{2}", rest[0].norm) and 1 <= numbers[1] <= 12:
        return _months(numbers[0], numbers[1], 1), at + 1
    else:
        return None
    found = _days(year, month, day)
    return (found, at + 1) if found else None


def _named(rest: Sequence[Token], at: int) -> tuple[Period, int] | None:
    """1 May 2025, May 1st, 2025, March 2025, March, 1. Mai."""
    day, place = _leading_day(rest)
    if place >= len(rest) or rest[place].norm not in MONTHS:
        return None
    word, month = rest[place], MONTHS[rest[place].norm]
    place += 1
    if day is None and place < len(rest) and (match := _DAY.fullmatch(rest[place].norm)):
        day, place = int(match.group(1)), place + 1
    year, place = _following_year(rest, place)
    is_a_name = day is not None or year is not None or word.norm not in _DOUBTFUL or word.text[:1].isupper()
    if not is_a_name:
        return None
    found = _months(year or UNKNOWN_YEAR, month, 1) if day is None else _days(year or UNKNOWN_YEAR, month, day)
    return (found, at + place) if found else None


def _leading_day(rest: Sequence[Token]) -> tuple[int | None, int]:
    match = _DAY.fullmatch(rest[0].norm)
    if match is None:
        return None, 0
    place = 2 if len(rest) > 1 and rest[1].norm == "of" else 1
    return int(match.group(1)), place


def _quarter(rest: Sequence[Token], at: int) -> tuple[Period, int] | None:
    """Q2 2025, second quarter of 2025, H1 2025, erstes Halbjahr 2025, 2025 Q2."""
    norms = [token.norm for token in rest]
    place, year = 0, None
    if _YEAR.fullmatch(norms[0]) and len(norms) > 1 and re.fullmatch(r"[qh][1-4]", norms[1]):
        year, place = int(norms[0]), 1
    if match := re.fullmatch(r"([qh])([1-4])", norms[place]):
        size, number = (3 if match.group(1) == "q" else 6), int(match.group(2))
        place += 1
    elif len(norms) > 1 and (number := _ordinal(norms[0])) and norms[1] in ("quarter", "quartal", "half", "halbjahr"):
        size, place = (3 if norms[1].startswith("quart") else 6), 2
    else:
        return None
    if number * size > 12:
        return None
    if year is None:
        year, place = _following_year(rest, place)
    return _months(year or UNKNOWN_YEAR, (number - 1) * size + 1, size), at + place


def _ordinal(word: str) -> int:
    match = re.fullmatch(r"([1-4])(?:st|nd|rd|th)?", word)
    return int(match.group(1)) if match else _ORDINALS.get(word, 0)


def _year(rest: Sequence[Token], at: int) -> tuple[Period, int] | None:
    place = 1 if rest[0].norm in ("year", "jahr", "jahre") else 0
    if place < len(rest) and _YEAR.fullmatch(rest[place].norm):
        return _months(int(rest[place].norm), 1, 12), at + place + 1
    return None


def _following_year(rest: Sequence[Token], place: int) -> tuple[int | None, int]:
    ahead = place
    while ahead < len(rest) and rest[ahead].norm in _LINKS:
        ahead += 1
    if ahead < len(rest) and _YEAR.fullmatch(rest[ahead].norm):
        return int(rest[ahead].norm), ahead + 1
    return None, place


def _months(year: int, month: int, count: int) -> Period:
    years, months = divmod(month - 1 + count, 12)
    return Period(date(year, month, 1), date(year + years, months + 1, 1))


def _days(year: int, month: int, day: int) -> Period | None:
    try:
        start = date(year, month, day)
    except ValueError:
        return None
    return Period(start, start + timedelta(days=1))


def _moved(day: date, year: int) -> date:
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
