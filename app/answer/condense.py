"""Make a follow-up question stand on its own, so that retrieval knows what it is about."""

import re
from collections.abc import Sequence

from app.domain import Message, Role

# Words that point back at an earlier turn, English and German.
_POINTERS = re.compile(
    r"\b(it|its|they|them|their|that|those|these|this|he|she|his|her|one|ones|there|same|also|"
    r"er|sie|es|ihn|ihm|ihr|ihre|deren|dessen|das|dieser?s?|jene[rs]?|dort|dabei|davon|dafür|auch)\b"
    r"|^(and|but|or|what about|how about|und|oder|aber|was ist mit|wie ist es mit)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 4


def condense(question: str, history: Sequence[Message]) -> str:
    """The question with the previous question put before it when it points back; otherwise unchanged."""
    asked = [message.text for message in history if message.role is Role.USER]
    if not asked or not points_back(question):
        return question
    return f"{asked[-1]} {question}"


def points_back(question: str) -> bool:
    """Whether a question leans on an earlier one: a pointing word, or too few words to stand alone."""
    return len(question.split()) <= _FEW_WORDS or _POINTERS.search(question) is not None
