"""One question at hand: as it was asked, and what was read for it."""

from dataclasses import dataclass

from app.answer.reading.excerpt import Reading
from app.answer.writing.conversation import Turn


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in its conversation: as it was put, as it stands on its own, and the turns before it.

    `searched`: as it is searched for, with words of its picture. `image`: for a model that takes pictures alone.
    `results`: what tools gave for it besides passages.
    """

    text: str
    standalone: str
    turns: tuple[Turn, ...]
    searched: str
    image: bytes | None = None
    image_text: str = ""
    results: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """The passages beside the question, and how probable it is that they answer it."""

    reading: Reading
    language: str
    probability: float
