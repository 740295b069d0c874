"""One sentence as it is said: no marks that a voice would stumble over or spell out.

What is said in words (units, dates, abbreviations) is known for English and German; in other languages only what no
voice can say is taken out.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from app.answer.text.dates import find_dates
from app.domain.urls import host_of
from app.speech.words import SAID, Said

_CITATION: Final = re.compile(r"\s*\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]")
_URL: Final = re.compile(
    r"\b(?:https?|ftp)://[^\s<>()\[\]“”\"']+[^\s<>()\[\]“”\"'.,;:!?]|\bwww\.[\w.-]+\w(?:/[^\s<>()]*)?"
)
_RANGE: Final = re.compile(r"(?<=\d)\s?[–—]\s?(?=\d)")
_SPACED_GROUPS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u00a0\u202f']\d{3})+(?!\d)")
_TIME: Final = re.compile(r"\b(\d{1,2}):([0-5]\d)\s?Uhr\b")
_NUMBER: Final = r"\d+(?:[.,]\d+)?"
_SCALE: Final = r"(?:\s?(?:Mio\.|Mrd\.|(?:million|billion|thousand|Millionen|Milliarden|Tausend)\b))?"
# What a voice makes pauses and melody of.
_KEPT: Final = frozenset(".,;:!?'’()-–—…%")
_KEPT_KINDS: Final = ("L", "M", "N")
# Would change an emoji that is gone.
_JOINERS: Final = re.compile("[\ufe00-\ufe0f\u20e3]")


def pronounce(text: str, language: str) -> str:
    """What is said for a sentence; "" where nothing can be. `language`: ISO 639-1, "" for none that is known."""
    said = _CITATION.sub("", text)
    said = _URL.sub(lambda match: f" {_host(match[0])} ", said)
    words = SAID.get(language)
    if words:
        said = _in_words(said, words)
    said = _without_marks(said)
    if not any(char.isalnum() for char in said):
        return ""
    return said if said[-1] in ".!?…:" else f"{said.rstrip(',;-–— ')}."


def _host(url: str) -> str:
    return (host_of(url if "://" in url else f"http://{url}") or "").removeprefix("www.")


def _in_words(text: str, words: Said) -> str:
    text = _say_dates(text, words)
    if words.point == ",":
        text = _TIME.sub(lambda match: f"{int(match[1])} Uhr {int(match[2]) or ''}".strip(), text)
    text = _ungroup(text, words)
    text = _say_currencies(text, words)
    text = _say_units(text, words)
    text = _RANGE.sub(f" {words.to} ", text)
    short = _abbreviations(tuple(words.abbreviations))
    text = short.sub(lambda match: _say_abbreviation(match, words), text)
    return _marks(tuple(words.marks)).sub(lambda match: f" {words.marks[match[0]]} ", text)


def _say_dates(text: str, words: Said) -> str:
    """Dates whose meaning is certain, with the name of their month."""
    for found in reversed(list(find_dates(text))):
        written = text[found.start : found.end]
        said = _date(found.readings, words) if re.fullmatch(r"[\d./\s-]+", written) else None
        if said:
            text = f"{text[: found.start]}{said}{text[found.end :]}"
    return text


def _date(readings: frozenset[str], words: Said) -> str | None:
    try:
        (reading,) = readings
        day = date.fromisoformat(reading)
    except ValueError:
        return None
    return words.date.format(day=day.day, month=words.months[day.month - 1], year=day.year)


def _ungroup(text: str, words: Said) -> str:
    """Numbers without the marks that group their thousands: not every voice knows them."""
    grouped = rf"(?<![\d.,])\d{{1,3}}(?:{re.escape(words.groups)}\d{{3}})+(?![\d])"
    text = re.sub(grouped, lambda match: match[0].replace(words.groups, ""), text)
    return _SPACED_GROUPS.sub(lambda match: re.sub(r"\D", "", match[0]), text)


def _say_currencies(text: str, words: Said) -> str:
    names = _alternatives(words.currencies)
    before = rf"(?<!\w)({names})\s?({_NUMBER})({_SCALE})(?!\w)"
    after = rf"(?<!\w)({_NUMBER})({_SCALE})\s?({names})(?!\w)"
    text = re.sub(before, lambda m: f"{m[2]}{m[3]} {_counted(m[2], m[3], words.currencies[m[1]])}", text)
    return re.sub(after, lambda m: f"{m[1]}{m[2]} {_counted(m[1], m[2], words.currencies[m[3]])}", text)


def _say_units(text: str, words: Said) -> str:
    pattern = rf"(?<![\w.,])({_NUMBER})\s?({_alternatives(words.units)})(?![\w/²³])"
    return re.sub(pattern, lambda match: f"{match[1]} {_counted(match[1], '', words.units[match[2]])}", text)


def _counted(number: str, scale: str, names: tuple[str, str]) -> str:
    return names[0] if number == "1" and not scale.strip() else names[1]


def _alternatives(names: Mapping[str, object]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


@lru_cache
def _abbreviations(abbreviations: tuple[str, ...]) -> re.Pattern[str]:
    """Any of them, its parts with or without spaces between, and what comes next."""
    parts = [re.escape(short).replace(r"\ ", r"\s?") for short in sorted(abbreviations, key=len, reverse=True)]
    return re.compile(rf"(?<![\w.])(?:{'|'.join(parts)})(?=\s*(?P<next>.?))")


def _say_abbreviation(match: re.Match[str], words: Said) -> str:
    bare = re.sub(r"\s", "", match[0])
    short = next(each for each in words.abbreviations if each.replace(" ", "") == bare)
    if short in words.before_numbers and not match["next"].isdigit():
        return match[0]
    # The stop of an abbreviation at the end is the end of its sentence, too.
    return words.abbreviations[short] + ("" if match["next"] else ".")


@lru_cache
def _marks(marks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)))


def _without_marks(text: str) -> str:
    """Letters, numbers and the punctuation that a voice can use; all else becomes a space."""
    kept = _JOINERS.sub("", unicodedata.normalize("NFC", text))
    spaced = "".join(char if _is_kept(char) else " " for char in kept)
    spaced = re.sub(r"\(\s*\)", " ", spaced)
    spaced = re.sub(r"\s+([.,;:!?…)])", r"\1", spaced)
    return " ".join(spaced.split()).strip(",;-–— ")


def _is_kept(char: str) -> bool:
    return char in _KEPT or unicodedata.category(char)[0] in _KEPT_KINDS
