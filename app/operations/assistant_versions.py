"""Earlier versions of assistants: which there are, what each changed, and going back to one."""

import difflib
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from app.access import Caller
from app.db import assistant_versions, assistants, offered_models, tool_servers
from app.db.assistants import AssistantDraft
from app.domain import AssistantVersion
from app.errors import Rejected
from app.operations import assistants as assistant_operations
from app.services import Services

CONTEXT_LINES: Final = 3


class Part(StrEnum):
    """What of an assistant a version may change besides its prompt."""

    NAME = "the name"
    DESCRIPTION = "the description"
    KNOWLEDGE_BASES = "the knowledge bases"
    TOOLS = "the tools"
    TEMPERATURE = "the temperature"
    MODEL = "the language model"
    TOOL_SERVERS = "the tool servers"


@dataclass(frozen=True, slots=True)
class Change:
    """A version, and how it differs from the one before. `diff`: of the prompt, unified, "" where it is the same.

    `is_first`: there is none before.
    """

    version: AssistantVersion
    parts: tuple[Part, ...] = ()
    diff: str = ""
    is_first: bool = False


def list_changes(id: str, caller: Caller, services: Services) -> list[Change]:
    """The versions of an assistant, the newest first. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        assistants.get(session, id)
        versions = assistant_versions.list_all(session, id)
    changes = [Change(new, _parts(old, new), _diff(old, new)) for new, old in pairwise(versions)]
    return [*changes, *(Change(first, is_first=True) for first in versions[-1:])]


def newest_number(id: str, caller: Caller, services: Services) -> int:
    """The number of the present version. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return assistant_versions.newest_number(session, id)


def restore(id: str, number: int, caller: Caller, services: Services) -> bool:
    """Let an assistant be what it was, as a new version; whether something of it is gone since and was left out.

    Raises NotFound, Forbidden; Rejected where none of its knowledge bases is left: it would answer from all.
    """
    caller.require_admin()
    with services.database.read() as session:
        newest = assistant_versions.newest_number(session, id)
        version = assistant_versions.get(session, id, number)
        servers = {each.id for each in tool_servers.list_all(session)}
        is_offered = not version.model or offered_models.find(session, version.model) is not None
    kept = tuple(base for base in version.knowledge_base_ids if caller.access.may_read(base))
    if version.knowledge_base_ids and not kept:
        raise Rejected(
            "None of the knowledge bases of this version is left, and nothing was changed; copy its prompt and choose "
            "others in the form."
        )
    as_it_was = _draft(version)
    draft = replace(
        as_it_was,
        knowledge_base_ids=kept,
        model=version.model if is_offered else "",
        tool_server_ids=tuple(server for server in version.tool_server_ids if server in servers),
    )
    detail = f"version {number} again"
    assistant_operations.change(id, draft, caller, services, seen_version=newest, detail=detail)
    return draft != as_it_was


def _draft(version: AssistantVersion) -> AssistantDraft:
    return AssistantDraft(
        name=version.name,
        description=version.description,
        system_prompt=version.system_prompt,
        knowledge_base_ids=version.knowledge_base_ids,
        tools=version.tools,
        temperature=version.temperature,
        model=version.model,
        tool_server_ids=version.tool_server_ids,
    )


def _parts(old: AssistantVersion, new: AssistantVersion) -> tuple[Part, ...]:
    differs = {
        Part.NAME: old.name != new.name,
        Part.DESCRIPTION: old.description != new.description,
        Part.KNOWLEDGE_BASES: set(old.knowledge_base_ids) != set(new.knowledge_base_ids),
        Part.TOOLS: old.tools != new.tools,
        Part.TEMPERATURE: old.temperature != new.temperature,
        Part.MODEL: old.model != new.model,
        Part.TOOL_SERVERS: set(old.tool_server_ids) != set(new.tool_server_ids),
    }
    return tuple(part for part, is_changed in differs.items() if is_changed)


def _diff(old: AssistantVersion, new: AssistantVersion) -> str:
    lines = difflib.unified_diff(
        old.system_prompt.splitlines(), new.system_prompt.splitlines(), lineterm="", n=CONTEXT_LINES
    )
    return "\n".join(lines)
