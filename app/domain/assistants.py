"""Assistants: what an admin says about how questions are answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Tool(StrEnum):
    """What an assistant may do besides reading passages. A new tool is added here, and nowhere else is a list of them.

    tables: answers computed over sheets and CSV files.
    """

    TABLES = "tables"


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How one question is answered. `instructions` come before the house's own rules, which always stay.

    `temperature`: None leaves it to the settings.
    """

    instructions: str = ""
    temperature: float | None = None
    tools: frozenset[Tool] = frozenset(Tool)


PLAIN = AnswerOptions()
"""An answer without an assistant."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """A system prompt, and where and with what it answers.

    Without `knowledge_base_ids` it answers from all that the asker may read; with some, from those of them that the
    asker may read. `created_by` is a name.
    """

    id: str
    name: str
    description: str
    system_prompt: str
    knowledge_base_ids: tuple[str, ...]
    tools: frozenset[Tool]
    temperature: float | None
    is_default: bool
    created_by: str
    created_at: datetime
    changed_at: datetime

    @property
    def options(self) -> AnswerOptions:
        """What it means for an answer."""
        return AnswerOptions(self.system_prompt, self.temperature, self.tools)
