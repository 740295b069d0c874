"""Find what of a text that would leave the machine stands in documents, or looks like a secret. Pure.

Six words in a row, or 32 letters and figures whatever lies between them, are no coincidence; in an address or an
encoded piece half of that is none. Names alone are found by no rule: that is why a person reads what is sent.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote_plus

from app.answer.text.folding import Folded, fold
from app.domain import Flag, FlagKind, Passage
from app.tools.gate.secrets import find_secrets

RUN_WORDS: Final = 6
RUN_CHARACTERS: Final = 32
NUMBER_DIGITS: Final = 8
# For what was packed before it is sent: nobody does that to a search query.
PACKED_WORDS: Final = 3
PACKED_CHARACTERS: Final = 12
_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\d(?:[ .,/-]?\d)*")
_DATE: Final = re.compile(r"(?:\d{4}[-./]?\d{2}[-./]?\d{2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}[\s:,-]?){8,}|(?:\\x[0-9a-fA-F]{2}){6,}")
_PERCENT: Final = re.compile(r"\S*%[0-9a-fA-F]{2}\S*")
_DEEPEST: Final = 3


@dataclass(frozen=True)
class Source:
    """A text that may not go out unseen, and how people know it."""

    name: str
    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words, folded."""
        return tuple(_WORD.findall(fold(self.text).text))

    @cached_property
    def letters(self) -> str:
        """Its letters and figures alone."""
        return "".join(self.words)

    def runs(self, length: int) -> frozenset[tuple[str, ...]]:
        """All runs of so many words."""
        return frozenset(zip(*(self.words[start:] for start in range(length)), strict=False))


def find_flags(text: str, passages: Sequence[Passage], *, said: Sequence[str] = ()) -> tuple[Flag, ...]:
    """What is remarkable about a text, in order; overlapping places of one kind and origin as one.

    `said`: earlier answers, which repeat what they were written from.
    """
    sources = [Source(each.document, f"{each.document}\n{each.full_text}") for each in passages]
    sources += [Source("", each) for each in said]
    return _merged([*_find_verbatim(text, sources), *find_secrets(text), *_find_packed(text, sources, depth=0)])


def _find_verbatim(
    text: str, sources: Sequence[Source], *, words: int = RUN_WORDS, characters: int = RUN_CHARACTERS
) -> list[Flag]:
    folded = fold(text)
    found = [match.span() for match in _WORD.finditer(folded.text)]
    spoken = [folded.text[start:end] for start, end in found]
    flags: list[Flag] = []
    for source in sources:
        runs = source.runs(words) if len(spoken) >= words else frozenset()
        flags += [
            _flag(folded, found[first][0], found[first + words - 1][1], source)
            for first in range(len(spoken) - words + 1)
            if tuple(spoken[first : first + words]) in runs
        ]
        flags += _find_squeezed(folded, source, characters)
        flags += _find_numbers(folded, source)
    return flags


def _find_squeezed(folded: Folded, source: Source, length: int) -> Iterator[Flag]:
    """Runs of letters and figures, whatever was put between them or taken out."""
    places = [at for at, each in enumerate(folded.text) if each.isalnum()]
    letters = "".join(folded.text[at] for at in places)
    if len(letters) < length or len(source.letters) < length:
        return
    at = 0
    while at + length <= len(letters):
        if letters[at : at + length] not in source.letters:
            at += 1
            continue
        end = at + length
        while end < len(letters) and letters[at : end + 1] in source.letters:
            end += 1
        yield _flag(folded, places[at], places[end - 1] + 1, source)
        at = end - length + 1


def _find_numbers(folded: Folded, source: Source) -> Iterator[Flag]:
    """Long numbers, as of accounts and telephones; dates are none."""
    for match in _NUMBER.finditer(folded.text):
        digits = re.sub(r"\D", "", match[0])
        if len(digits) >= NUMBER_DIGITS and not _DATE.fullmatch(match[0]) and digits in source.letters:
            yield _flag(folded, *match.span(), source)


def _find_packed(text: str, sources: Sequence[Source], *, depth: int) -> Iterator[Flag]:
    """Encoded pieces that hold what the rules above are about, each as a whole."""
    if depth == _DEEPEST:
        return
    for start, end, unpacked in _unpack(text):
        verbatim = _find_verbatim(unpacked, sources, words=PACKED_WORDS, characters=PACKED_CHARACTERS)
        for flag in (*verbatim, *find_secrets(unpacked), *_find_packed(unpacked, sources, depth=depth + 1)):
            yield Flag(flag.kind, start, end, flag.where)


def _unpack(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what it says) of every piece that can be read as base64, hexadecimal or percent-encoded."""
    for match in _PERCENT.finditer(text):
        yield *match.span(), unquote_plus(match[0])
    for match in _HEX.finditer(text):
        digits = re.sub(r"\\x|[^0-9a-fA-F]", "", match[0])
        yield from _readable(match, bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for match in _BASE64.finditer(text):
        token = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        # A path may stand before it: what begins at each of the four places is tried.
        for skipped in range(4) if len(token) > 16 else (0,):
            piece = token[skipped:]
            piece = piece[: len(piece) - 1] if len(piece) % 4 == 1 else piece
            try:
                decoded = base64.b64decode(piece + "=" * (-len(piece) % 4))
            except binascii.Error:
                continue
            yield from _readable(match, decoded)


def _readable(match: re.Match[str], decoded: bytes) -> Iterator[tuple[int, int, str]]:
    unpacked = decoded.decode("utf-8", "ignore")
    if len(unpacked) >= len(decoded) / 2 and unpacked.strip():
        yield *match.span(), unpacked


def _flag(folded: Folded, start: int, end: int, source: Source) -> Flag:
    return Flag(FlagKind.VERBATIM, *folded.span(start, end), source.name)


def _merged(flags: Sequence[Flag]) -> tuple[Flag, ...]:
    merged: dict[tuple[FlagKind, str], list[Flag]] = {}
    for flag in sorted(flags, key=lambda each: (each.start, each.end)):
        alike = merged.setdefault((flag.kind, flag.where), [])
        if alike and flag.start <= alike[-1].end:
            last = alike.pop()
            flag = Flag(flag.kind, last.start, max(last.end, flag.end), flag.where)
        alike.append(flag)
    return tuple(sorted((each for alike in merged.values() for each in alike), key=lambda e: (e.start, e.end, e.kind)))
