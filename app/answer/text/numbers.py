"""Numbers, times of day and units in the notations of several languages, as keys that can be compared."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

# Grouped by a space or an apostrophe (1 200, 1'200), or with any points and commas.
_NUMBER = re.compile(
    r"(?<![\w.,])(?<!\d[ '\u00a0\u202f])(?:\d{1,3}(?:[ '\u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
)
_TIME = re.compile(
    r"(?<![\w.,:])(?:(\d{1,2}):([0-5]\d)(?::[0-5]\d)?(?:\s?([ap])\.?m\b\.?)?|(\d{1,2})(?:\.([0-5]\d))?\s?(?:Uhr\b|([ap])\.?m\b\.?))(?![\w:])",
    re.IGNORECASE,
)
# In these the comma groups thousands and the point is decimal; in the others it is the other way round.
_COMMA_GROUPS = frozenset({"en"})
_POINT_GROUPS = frozenset({"de", "fr", "es", "it", "nl", "pt"})
_SPELLED = {
    2: "two zwei",
    3: "three drei",
    4: "four vier",
    5: "five fünf",
    6: "six sechs",
    7: "seven sieben",
    8: "eight acht",
    9: "nine neun",
    10: "ten zehn",
    11: "eleven elf",
    12: "twelve zwölf",
    20: "twenty zwanzig",
    100: "hundred hundert",
}
_VALUE_BY_WORD = {word: value for value, words in _SPELLED.items() for word in words.split()}
_WORDS = re.compile(r"[^\W\d_]+|[€$£¥%]")
_MULTIPLIERS = {
    1_000: "thousand tausend tsd k",
    1_000_000: "million millions mio millionen mn",
    1_000_000_000: "billion billions mrd milliarde milliarden bn",
}
_FACTOR_BY_WORD = {word: factor for factor, words in _MULTIPLIERS.items() for word in words.split()}
_UNITS = {
    "euro": "euro euros eur €",
    "dollar": "dollar dollars usd $",
    "pound": "pound pounds gbp £ pfund",
    "franc": "franc francs chf franken",
    "yen": "yen jpy ¥",
    "percent": "percent prozent pct %",
    "minute": "minute minutes min minuten",
    "hour": "hour hours hrs stunde stunden std h hourly stündlich",
    "day": "day days tag tage tagen daily täglich arbeitstag arbeitstage arbeitstagen",
    "week": "week weeks woche wochen weekly wöchentlich",
    "month": "month months monat monate monaten monthly monatlich",
    "year": "year years jahr jahre jahren yearly annual annually jährlich",
    "kilometre": "km kilometre kilometres kilometer kilometers kilometern",
    "mile": "mile miles meile meilen",
    "millimetre": "mm millimetre millimetres millimeter millimeters millimetern",
    "kilogram": "kg kilogram kilograms kilo kilos kilogramm",
    "litre": "litre litres liter liters litern",
    "celsius": "celsius",
    "fahrenheit": "fahrenheit",
}
_UNIT_BY_WORD = {word: unit for unit, words in _UNITS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number, a time of day or a unit at `text[start:end]`; any of its `keys` means the same."""

    start: int
    end: int
    keys: frozenset[str]


def find_times(text: str) -> Iterator[FoundNumber]:
    """The times of day of a text, in order: 15:30, 15.30 Uhr, 3 pm."""
    for match in _TIME.finditer(text):
        hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
        half = (match[3] or match[6] or "").casefold()
        if hour < 24 and not (half and hour > 12):
            hour = hour % 12 + (12 if half == "p" else 0) if half else hour
            yield FoundNumber(match.start(), match.end(), frozenset({f"{hour}:{minute:02}"}))


def find_numbers(text: str, language: str) -> Iterator[FoundNumber]:
    """The numbers of a text, in order, by value: 1,200 is 1200 in English and 1.2 in German, either where unsure.

    A number before “million” may be meant so or be that many millions.
    """
    for match in _NUMBER.finditer(text):
        values = _values(match.group(), language)
        word = _WORDS.match(text, match.end() + (text[match.end() : match.end() + 1].isspace()))
        factor = _FACTOR_BY_WORD.get(word.group().casefold(), 1) if word else 1
        keys = {_key(value * factor) for value in values}
        if factor > 1:
            keys |= {f"{_key(value)}×{factor}" for value in values}
        yield FoundNumber(match.start(), match.end(), frozenset(keys | {f"={match.group()}"}))


def find_units(text: str, numbers: Iterable[FoundNumber]) -> Iterator[FoundNumber]:
    """The units right after these numbers, and the currency signs right before them."""
    for number in numbers:
        after = _WORDS.match(text, number.end + (text[number.end : number.end + 1] in {" ", "-", "\u00a0", "\u202f"}))
        if after and (unit := _UNIT_BY_WORD.get(after.group().casefold())):
            yield FoundNumber(after.start(), after.end(), frozenset({unit}))
        before = text[: number.start].rstrip()[-1:]
        if before in {"€", "$", "£", "¥"}:
            start = text.rindex(before, 0, number.start)
            yield FoundNumber(start, start + 1, frozenset({_UNIT_BY_WORD[before]}))


def amounts_held(text: str, language: str) -> frozenset[str]:
    """All that the numbers and units of a text may mean, spelled ones included.

    “In millions” somewhere makes every number a possible count of millions.
    """
    keys = {key for each in find_numbers(text, language) for key in each.keys}
    words = {match.group().casefold() for match in _WORDS.finditer(text)}
    keys |= {_UNIT_BY_WORD[word] for word in words & _UNIT_BY_WORD.keys()}
    keys |= {str(_VALUE_BY_WORD[word]) for word in words & _VALUE_BY_WORD.keys()}
    factors = {_FACTOR_BY_WORD[word] for word in words & _FACTOR_BY_WORD.keys()}
    return frozenset(keys | {f"{key}×{factor}" for key in keys for factor in factors if key[0].isdigit()})


def is_unit(word: str) -> bool:
    """Whether a word says what is counted: euro, percent, days."""
    return word.casefold() in _UNIT_BY_WORD


def spelled(values: frozenset[str]) -> frozenset[str]:
    """How the small ones of these values are spelled."""
    return frozenset(word for value, words in _SPELLED.items() if str(value) in values for word in words.split())


def _values(written: str, language: str) -> set[Decimal]:
    digits = re.sub(r"[ '\u00a0\u202f]", "", written)
    marks = re.sub(r"\d", "", digits)
    if not marks:
        return {Decimal(digits)}
    if len(set(marks)) > 1:  # the last kind is the decimal one: 1,234.5 and 1.234,5
        decimal_mark = marks[-1]
        if marks.count(decimal_mark) > 1:
            return {Decimal(re.sub(r"[.,]", "", digits))}
        whole, _, part = digits.rpartition(decimal_mark)
        return {Decimal(f"{re.sub(r'[.,]', '', whole)}.{part}")}
    if len(marks) > 1:
        return {Decimal(digits.replace(marks[0], ""))}
    decimal = Decimal(digits.replace(",", "."))
    whole, part = re.split(r"[.,]", digits)
    if len(part) != 3 or whole.startswith("0") or len(whole) > 3:
        return {decimal}
    grouped = Decimal(whole + part)
    if (marks == "," and language in _COMMA_GROUPS) or (marks == "." and language in _POINT_GROUPS):
        return {grouped}
    if (marks == "." and language in _COMMA_GROUPS) or (marks == "," and language in _POINT_GROUPS):
        return {decimal}
    return {grouped, decimal}


def _key(value: Decimal) -> str:
    """3.50 and 3.5 are one value; 1E+3 and 1000 too."""
    return format(value.normalize(), "f")
