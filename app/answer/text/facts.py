"""The facts that a sentence states and a passage holds: numbers, dates, times, units, codes and addresses.

Facts are compared by what they mean: 1 March 2025 is 2025-03-01, and 1,200 is 1200. What a passage holds is read
generously (both meanings of 03/01/2025, spelled numbers, parts of dates), so that a fact called missing is missing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.answer.text.dates import find_dates, parts_of_date
from app.answer.text.numbers import amounts_held, find_numbers, find_times, find_units

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:https?://|www\.)[^\s<>()\[\]]*[\w/]")
# An error code, an order number, a standard: E33, SO-25-0199, ISO9001.
_CODE = re.compile(r"\b(?:[A-Z][A-Za-z]{0,5}-?|[a-z]{1,3})\d[\w-]*\b")
_LOOSE_CODE = re.compile(r"\b[A-Za-z]{1,6}[\s-]?(\d[\w-]*)\b")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact at `text[start:end]` of a sentence; a passage that holds any of its `keys` holds it.

    `is_figure`: it is more than the unit of a number.
    """

    start: int
    end: int
    written: str
    keys: frozenset[str]
    is_figure: bool = True

    def is_in(self, held: frozenset[str]) -> bool:
        """Whether it is among the keys that a passage holds."""
        return bool(self.keys & held)


def list_facts(text: str, language: str) -> list[Fact]:
    """The facts of a sentence in order; no two overlap. `language` (ISO 639-1 or "") decides what 1.200 means."""
    facts: list[Fact] = []
    rest = text
    for find in (_find_addresses, _find_dates, _find_times, _find_codes):
        found = list(find(rest))
        facts.extend(found)
        rest = _blank(rest, found)
    numbers = list(find_numbers(rest, language))
    facts.extend(Fact(each.start, each.end, text[each.start : each.end], each.keys) for each in numbers)
    facts.extend(
        Fact(each.start, each.end, text[each.start : each.end], each.keys, is_figure=False)
        for each in find_units(rest, numbers)
    )
    return sorted(facts, key=lambda fact: fact.start)


def facts_held(text: str, language: str) -> frozenset[str]:
    """The keys of all facts that a text can be said to hold."""
    keys: set[str] = set()
    rest = text
    for find in (_find_addresses, _find_times, _find_codes):
        found = list(find(rest))
        keys.update(*(fact.keys for fact in found))
        rest = _blank(rest, found)
    for code in _LOOSE_CODE.finditer(text):
        keys |= {f"code {_squeezed(code.group())}", code[1]}  # ISO9001 holds 9001, too
    keys.update(*(parts_of_date(reading) for date in find_dates(text) for reading in date.readings))
    return frozenset(keys | amounts_held(rest, language))


def without_figures(text: str, facts: list[Fact]) -> str:
    """The text with its figures blanked out; units stay."""
    return _blank(text, [fact for fact in facts if fact.is_figure])


def _find_addresses(text: str) -> Iterator[Fact]:
    yield from _matches(_ADDRESS, text, str.casefold)


def _find_codes(text: str) -> Iterator[Fact]:
    yield from _matches(_CODE, text, lambda code: f"code {_squeezed(code)}")


def _matches(pattern: re.Pattern[str], text: str, key: Callable[[str], str]) -> Iterator[Fact]:
    for match in pattern.finditer(text):
        yield Fact(match.start(), match.end(), match.group(), frozenset({key(match.group())}))


def _find_dates(text: str) -> Iterator[Fact]:
    for date in find_dates(text):
        yield Fact(date.start, date.end, text[date.start : date.end], date.readings)


def _find_times(text: str) -> Iterator[Fact]:
    for time in find_times(text):
        yield Fact(time.start, time.end, text[time.start : time.end], time.keys)


def _blank(text: str, facts: list[Fact]) -> str:
    for fact in facts:
        text = text[: fact.start] + " " * (fact.end - fact.start) + text[fact.end :]
    return text


def _squeezed(code: str) -> str:
    return re.sub(r"\W|_", "", code).casefold()
