"""What the answer line reports while it works: Retrieved, calls of tools, Thoughts, Pieces with a Checked after each
whole sentence, then Finished."""

from dataclasses import dataclass

from app.domain import Answer, Citation, Passage, Statement, ToolEvent


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages that were found; empty when nothing readable matches. Comes again where a tool has found more.

    `question` is what was searched for: the question as it was asked, or a follow-up made to stand on its own.
    """

    passages: tuple[Passage, ...]
    question: str = ""


@dataclass(frozen=True, slots=True)
class PictureRead:
    """The model takes no pictures: what was read in the question's one stands in its place. `words`: how many, None
    where nothing reads pictures here. Comes before all else.
    """

    words: int | None


@dataclass(frozen=True, slots=True)
class Thought:
    """The next piece of what a reasoning model thinks before it answers: shown folded, and no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of the answer's text, as the model writes it and before it is checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The sentences that are complete by now, checked: `text` with its markers replaces the pieces up to there.

    `pending` is what came after them and is not checked yet; further pieces go on from it. `standing`: how many
    characters of `text` stay as they are whatever comes, where the question wants that (`AnswerOptions.stands`).
    """

    text: str
    pending: str
    citations: tuple[Citation, ...]
    statements: tuple[Statement, ...]
    standing: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole answer: its text replaces all that came before."""

    answer: Answer


AnswerEvent = PictureRead | Retrieved | ToolEvent | Thought | Piece | Checked | Finished
