"""Markers `[n]` in another numbering: of the conversation for the model, of the turn for people."""

import re
from collections.abc import Mapping

# With the blanks before it, which go where it goes.
_MARKER = re.compile(r"([^\S\n]*)[\[【]\s?(\d{1,3}(?:\s?[,;]\s?\d{1,3}){0,9})\s?[\]】]")
# What may still become one when more is written; no marker is longer.
_OPEN = re.compile(r"[^\S\n]*(?:[\[【][\d\s,;]{0,60})?$")


def renumber(text: str, to: Mapping[int, int]) -> str:
    """The text with every number replaced by what it maps to; one that maps to nothing is taken out."""

    def replace(match: re.Match[str]) -> str:
        numbers = dict.fromkeys(to[n] for n in map(int, re.findall(r"\d+", match[2])) if n in to)
        return f"{match[1]}[{', '.join(map(str, numbers))}]" if numbers else ""

    return _MARKER.sub(replace, text)


class Renumbering:
    """The same for a text that comes in pieces: what may become a marker waits until that is known.

    None leaves everything as it comes.
    """

    def __init__(self, to: Mapping[int, int] | None) -> None:
        self._to = to
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown by now; may be empty."""
        if self._to is None:
            return piece
        text = self._held + piece
        opened = _OPEN.search(text)
        ready = text[: opened.start()] if opened else text
        self._held = text[len(ready) :]
        return renumber(ready, self._to)

    def rest(self) -> str:
        """What was still held back at the end."""
        held, self._held = self._held, ""
        return held
