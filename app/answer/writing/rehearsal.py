"""What would be sent to the model for a question, without sending it."""

from dataclasses import dataclass
from enum import StrEnum

from app.answer.writing.prompt import Prompt
from app.domain import Passage


class Course(StrEnum):
    """How a question is answered: the model writes, a query of tables computes, or nothing was found."""

    WRITTEN = "written"
    COMPUTED = "computed"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The passages that were found, best first, and the prompt where the model would write.

    `tokens`: of the prompt, as the engine counts them. `probability`: that the passages answer the question.
    """

    course: Course
    passages: tuple[Passage, ...]
    prompt: Prompt | None = None
    tokens: int = 0
    probability: float | None = None
