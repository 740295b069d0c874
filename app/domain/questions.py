"""Questions whose evidence is known."""

from dataclasses import dataclass
from enum import StrEnum


class QuestionOrigin(StrEnum):
    """Where a question comes from: a person, a file, a rated chat, a rule over the documents, the language model."""

    WRITTEN = "written"
    IMPORTED = "imported"
    CHAT = "chat"
    RULE = "rule"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, and the words of a document that answer it. Where these stand is looked up when it is asked: a
    document that changes around them keeps its questions. `id` and `document` are empty until it is stored.
    A proposed question measures nothing until a person has approved it.
    """

    text: str
    document_id: str
    quote: str
    id: str = ""
    document: str = ""
    origin: QuestionOrigin = QuestionOrigin.IMPORTED
    is_approved: bool = True
