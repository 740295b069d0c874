"""What the answer line reports while it works, in this order: Retrieved, any number of Pieces, Finished."""

from dataclasses import dataclass

from app.domain import Answer, Passage


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages that were found; empty when nothing readable matches."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of the answer's text, as the model writes it and before it is checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer after citing: its text replaces the pieces."""

    answer: Answer


AnswerEvent = Retrieved | Piece | Finished
