"""Assistants: what an admin says about how questions are answered."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Tool(StrEnum):
    """What an assistant may do besides reading passages. A new tool is added here, and nowhere else is a list of them.

    tables: answers computed over sheets and CSV files. search: the documents searched again, with other words. web:
    web search and single pages. speech: reading aloud. outside: functions of tool servers that an assistant was given.
    """

    TABLES = "tables"
    SEARCH = "search"
    WEB = "web"
    SPEECH = "speech"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How one question is answered. `instructions` come before the house's own rules, which always stay.

    `temperature`: None leaves it to the settings. `model`: the id of an offered model, "" for the service's own.
    `person` and `assistant` are names, for the variables in the instructions. `tool_server_ids`: whose functions may
    be called.

    What a program says that asks: `added` comes after the instructions, as it is; `max_tokens` (at most those of the
    settings) and `stop` are for what the model writes. `stands`: no sentence that was told as standing is taken back.
    `counts_tokens`: the answer tells its `Usage`.
    """

    instructions: str = ""
    temperature: float | None = None
    tools: frozenset[Tool] = frozenset(Tool)
    model: str = ""
    person: str = ""
    assistant: str = ""
    tool_server_ids: tuple[str, ...] = ()
    added: str = field(default="", repr=False)
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    stands: bool = False
    counts_tokens: bool = False


@dataclass(frozen=True, slots=True)
class AssistantVersion:
    """What an assistant was from one change to the next. `number` counts from 1; `changed_by` is a name."""

    number: int
    name: str
    description: str
    system_prompt: str
    knowledge_base_ids: tuple[str, ...]
    tools: frozenset[Tool]
    temperature: float | None
    model: str
    changed_by: str
    changed_at: datetime
    tool_server_ids: tuple[str, ...] = ()


PLAIN = AnswerOptions()
"""An answer without an assistant."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """A system prompt, and where and with what it answers.

    Without `knowledge_base_ids` it answers from all that the asker may read; with some, from those of them that the
    asker may read. `model`: the id of an offered model, "" for the service's own. `created_by` is a name.
    `tool_server_ids`: the tool servers that it was given; what is gone since is none.
    """

    id: str
    name: str
    description: str
    system_prompt: str
    knowledge_base_ids: tuple[str, ...]
    tools: frozenset[Tool]
    temperature: float | None
    model: str
    is_default: bool
    created_by: str
    created_at: datetime
    changed_at: datetime
    tool_server_ids: tuple[str, ...] = ()

    @property
    def options(self) -> AnswerOptions:
        """What it means for an answer."""
        # Who gives it a server means its functions to be called.
        tools = self.tools | {Tool.OUTSIDE} if self.tool_server_ids else self.tools
        return AnswerOptions(
            self.system_prompt,
            self.temperature,
            tools,
            self.model,
            assistant=self.name,
            tool_server_ids=self.tool_server_ids,
        )
