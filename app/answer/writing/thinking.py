"""Takes apart what a reasoning model thinks and what it answers. Pure.

A thought stands before the answer, between `<think>` and `</think>`: engines write it so, and so do servers that leave
it in the text. A template may open it in the prompt; then only its end is seen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_BEGINS: Final = re.compile(r"\s*<think(?:ing)?>")
_ENDS: Final = re.compile(r"</think(?:ing)?>")
_LONGEST_TAG: Final = len("</thinking>")


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of a thought."""

    text: str


@dataclass(frozen=True, slots=True)
class Saying:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class WasThinking:
    """All that was said so far was a thought, it turns out."""


Part = Thinking | Saying | WasThinking


class _Where(Enum):
    START = auto()
    INSIDE = auto()
    ANSWER = auto()
    AFTER = auto()


class ThoughtSplitter:
    """Feed it the pieces of an answer as they come, and then ask for the `rest`.

    A thought that never ends is one all the same: no answer came after it.
    """

    def __init__(self) -> None:
        self._where = _Where.START
        self._held = ""
        self._has_answered = False

    def feed(self, piece: str) -> list[Part]:
        """What is certain by now."""
        self._held += piece
        parts: list[Part] = []
        if self._where is _Where.START and not self._leave_start():
            return parts
        if self._where is not _Where.AFTER and (end := _ENDS.search(self._held)):
            before, self._held = self._held[: end.start()], self._held[end.end() :]
            if self._where is _Where.ANSWER:
                # It was opened in the prompt.
                parts.append(WasThinking())
            parts.append(Thinking(before.replace("<think>", "\n\n")))
            self._where = _Where.AFTER
        parts.append(self._part(self._take()))
        return [part for part in parts if isinstance(part, WasThinking) or part.text]

    def rest(self) -> list[Part]:
        """What was held back at the end."""
        rest, self._held = self._held, ""
        return [self._part(rest)] if rest.strip() else []

    def _leave_start(self) -> bool:
        """Whether it is known by now if the answer begins with a thought."""
        if found := _BEGINS.match(self._held):
            self._held = self._held[found.end() :]
            self._where = _Where.INSIDE
            return True
        begun = self._held.lstrip()
        if not begun or "<thinking>".startswith(begun) or "<think>".startswith(begun):
            return False
        self._where = _Where.ANSWER
        return True

    def _take(self) -> str:
        """What cannot be the beginning of a tag."""
        if self._where is _Where.AFTER:
            taken, self._held = self._held, ""
            taken = taken if self._has_answered else taken.lstrip()
            self._has_answered = self._has_answered or bool(taken)
            return taken
        start = self._held.rfind("<", max(0, len(self._held) - _LONGEST_TAG))
        is_tag = start >= 0 and any(tag.startswith(self._held[start:]) for tag in ("</think>", "</thinking>"))
        end = start if is_tag else len(self._held)
        taken, self._held = self._held[:end], self._held[end:]
        return taken

    def _part(self, text: str) -> Part:
        # A model that was asked again, for want of room, begins its thought anew.
        return Thinking(text.replace("<think>", "\n\n")) if self._where is _Where.INSIDE else Saying(text)


def said(pieces: Iterable[str]) -> str:
    """The answer in a model's words, without what it thought."""
    splitter = ThoughtSplitter()
    answer = ""
    for part in (part for piece in pieces for part in splitter.feed(piece)):
        match part:
            case Saying(text):
                answer += text
            case WasThinking():
                answer = ""
            case Thinking():
                pass
    return answer + "".join(part.text for part in splitter.rest() if isinstance(part, Saying))
