"""Text as a reader takes it, whatever characters it is written with: to compare and to judge, never to show. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

# Characters that draw nothing: soft hyphens, joiners, marks of direction, tags, selectors of variants, fillers.
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
# Letters of other scripts that look like Latin ones, after lower-casing; most used ones of Unicode's confusables.
_LOOK_ALIKES: Final = str.maketrans(
    dict(
        zip(
            "аӓеёѐоӧрсуӯхһіїјкмнтвԁԛԝɡɑαεικνορτυχγωѕьӏ‐‑‒–—―−",
            "aaeeeoopcyyxhiijkmhtbdqwgaaeiknoptuxywsbl-------",
            strict=True,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; `offsets[i]` is where in the original its character `i` comes from."""

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's characters behind `[start, end)`, which holds at least one."""
        return self.offsets[start], self.offsets[end - 1] + 1


def fold(text: str) -> Folded:
    """The text in small letters of one form, without what draws nothing, look-alikes as the letters they look like."""
    folded: list[str] = []
    offsets: list[int] = []
    for at, character in enumerate(text):
        for each in _fold(character):
            folded.append(each)
            offsets.append(at)
    return Folded("".join(folded), tuple(offsets))


def fold_text(text: str) -> str:
    """The same without the way back."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().translate(_LOOK_ALIKES)


def _fold(character: str) -> str:
    if character.isascii():
        return character.lower()
    if _INVISIBLE.match(character):
        return ""
    return unicodedata.normalize("NFKC", character).casefold().translate(_LOOK_ALIKES)
