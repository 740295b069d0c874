"""Conversations of the chat as they are taken away: what was asked, answered and done, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EntryKind(StrEnum):
    """What an entry of a conversation is.

    question: what the person asked. answer: a finished answer, or as much of one as there is. tool: a search or another
    call of a tool. thought: what a model thought before it answered. note: what the chat said besides, such as how far
    an upload is. run: what holds the steps of one turn together; it has no words.
    """

    QUESTION = "question"
    ANSWER = "answer"
    TOOL = "tool"
    THOUGHT = "thought"
    NOTE = "note"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer cites. `n` is its number in the answer, None in answers of older versions.

    `start`, `end` are the quote's offsets in the document, where known. `url`: of a page that was read on the web.
    """

    n: int | None
    document_id: str
    document: str
    page: int | None
    quote: str = field(repr=False)
    start: int | None = None
    end: int | None = None
    is_verified: bool | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Thumb:
    """What the reader thought of an answer."""

    is_up: bool
    comment: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShownElement:
    """What a chip opens beside an answer: its name, and its text where it has one."""

    id: str
    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said or done.

    `text`: as Markdown without the list of sources; of a tool, what it showed. `shown`: as it stands in the chat.
    `copied`: with its sources, as it is copied; "" where nothing was answered. `metadata`: all else that is kept.
    """

    id: str
    kind: EntryKind
    at: datetime | None
    author: str
    text: str = field(repr=False)
    shown: str = field(default="", repr=False)
    copied: str = field(default="", repr=False)
    input: str = field(default="", repr=False)
    parent_id: str | None = None
    question_id: str = ""
    answer_id: str = ""
    model: str = ""
    assistant: str = ""
    sources: tuple[Source, ...] = ()
    elements: tuple[ShownElement, ...] = ()
    thumb: Thumb | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ConversationHead:
    """A conversation by its name. `used_at`: when something was last said in it."""

    id: str
    name: str = field(repr=False)
    created_at: datetime
    used_at: datetime
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """All of a conversation, its entries in the order in which they came."""

    id: str
    name: str = field(repr=False)
    created_at: datetime
    is_pinned: bool
    entries: tuple[Entry, ...]
