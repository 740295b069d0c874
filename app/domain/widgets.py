"""Chats that pages of other sites show."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WidgetDraft:
    """What an admin says of a widget.

    `origins`: the origins (scheme, host and port) whose pages may show it. `assistant_id`: None for none.
    """

    name: str
    title: str
    greeting: str
    assistant_id: str | None
    knowledge_base_ids: tuple[str, ...]
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Widget:
    """A chat that other pages show. Its visitors are nobody by name. `created_by` is a name."""

    id: str
    name: str
    title: str
    greeting: str
    assistant_id: str | None
    knowledge_base_ids: tuple[str, ...]
    origins: tuple[str, ...]
    is_active: bool
    created_by: str
    created_at: datetime
    changed_at: datetime
