"""Variables in an assistant's system prompt: {{date}}, {{person}} … are filled when a question is answered. Pure.

Values are data: one line, short, in quotation marks where people chose them, and without a sign that a chat template or
our own templates give a meaning to.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.errors import Rejected

LONGEST_NAME: Final = 80
MOST_BASES: Final = 20
_VARIABLE: Final = re.compile(r"\{\{([^{}]*)\}\}")
# Letters and digits of every script, and what stands in names.
_NOT_IN_NAMES: Final = re.compile(r"[^\w .,'’()&/+-]")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LANGUAGES: Final = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
}


class Variable(StrEnum):
    """What a system prompt may ask for. TIME changes every minute, and with it all that stands after it."""

    DATE = "date"
    TIME = "time"
    PERSON = "person"
    KNOWLEDGE_BASES = "knowledge_bases"
    LANGUAGE = "language"
    ASSISTANT = "assistant"


def require_known(prompt: str) -> None:
    """Raises Rejected where a variable is none of ours."""
    unknown = [name for name in _names(prompt) if name not in list(Variable)]
    if unknown:
        known = ", ".join(f"{{{{{each}}}}}" for each in Variable)
        raise Rejected(
            f"There is no variable {{{{{unknown[0][:40]}}}}}, and nothing was saved; these are filled in: {known}."
        )


def asks_for(prompt: str, variable: Variable) -> bool:
    """Whether the prompt has it."""
    return variable in _names(prompt)


def fill(prompt: str, values: Mapping[Variable, str]) -> str:
    """The prompt with its variables filled, once: what a value holds is not filled again. Unknown ones stay."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        return values.get(Variable(name), "") if name in list(Variable) else found[0]

    return _VARIABLE.sub(value, prompt)


def values_of(
    *, now: datetime, person: str, knowledge_bases: Iterable[str], language: str, assistant: str
) -> dict[Variable, str]:
    """What the variables stand for. `language`: ISO 639-1, "" where the question does not tell."""
    names = sorted(knowledge_bases)
    listed = ", ".join(map(_quoted, names[:MOST_BASES]))
    more = f" and {len(names) - MOST_BASES} more" if len(names) > MOST_BASES else ""
    return {
        Variable.DATE: f"{_DAYS[now.weekday()]}, {now:%Y-%m-%d}",
        Variable.TIME: f"{now:%H:%M}",
        Variable.PERSON: _quoted(person),
        Variable.KNOWLEDGE_BASES: f"{listed}{more}",
        Variable.LANGUAGE: _LANGUAGES.get(language, "the language of the question"),
        Variable.ASSISTANT: _quoted(assistant),
    }


def _names(prompt: str) -> list[str]:
    return [found.strip() for found in _VARIABLE.findall(prompt)]


def _quoted(name: str) -> str:
    """A name as data: what could begin a line, a marker or a turn of the conversation is taken out."""
    plain = " ".join(_NOT_IN_NAMES.sub(" ", name).split())
    return f"“{plain[:LONGEST_NAME].strip()}”"
