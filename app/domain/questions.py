"""Questions whose evidence is known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, and the words of a document that answer it. Where these stand is looked up when it is asked: a
    document that changes around them keeps its questions. `id` and `document` are empty until it is stored.
    """

    text: str
    document_id: str
    quote: str
    id: str = ""
    document: str = ""
