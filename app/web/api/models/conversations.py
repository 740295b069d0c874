"""Conversations as they are taken away: the shape of the exported JSON, which has a version."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Field

from app.domain.conversations import Conversation, ConversationHead, Entry, EntryKind, Source
from app.web.api.models.base import Model

FORMAT: Final = "cloister-conversation"
VERSION: Final = 1


class ConversationOut(Model):
    """A conversation by its name. `used_at`: when something was last said in it."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime
    pinned: bool

    @classmethod
    def of(cls, head: ConversationHead) -> "ConversationOut":
        return cls(id=head.id, name=head.name, created_at=head.created_at, used_at=head.used_at, pinned=head.is_pinned)


class BranchRequest(Model):
    """The step at whose turn's end the branch is cut off."""

    step_id: str = Field(min_length=1, max_length=64)


class Opened(Model):
    """What was made, and the path of its page."""

    id: str
    path: str


class SourceOut(Model):
    """What an answer cites. `n` is its number in the text; null, with `verified`, in answers of older versions.

    `start_char`, `end_char` are the quote's offsets in the document's text.
    """

    n: int | None
    document_id: str
    document: str
    page: int | None
    quote: str
    start_char: int | None
    end_char: int | None
    verified: bool | None
    url: str | None

    @classmethod
    def of(cls, source: Source) -> "SourceOut":
        return cls(
            n=source.n,
            document_id=source.document_id,
            document=source.document,
            page=source.page,
            quote=source.quote,
            start_char=source.start,
            end_char=source.end,
            verified=source.is_verified,
            url=source.url or None,
        )


class ElementOut(Model):
    """What a reference opens beside its answer: the text that is shown there."""

    id: str
    name: str
    text: str


class ThumbOut(Model):
    """What the reader thought of an answer."""

    up: bool
    comment: str


class EntryOut(Model):
    """One thing that was said or done, in order.

    `kind`: question, answer, tool, thought, note (what the chat said besides), run (what holds one turn together).
    `text` is Markdown; of an answer without its list of sources, `shown` with it. `input` is what a tool was given.
    `parent_id`, `question_id`, `answer_id` name other entries. `metadata` is all that the chat keeps with it.
    """

    id: str
    kind: EntryKind
    at: datetime | None
    author: str
    text: str
    shown: str
    input: str
    parent_id: str | None
    question_id: str | None
    answer_id: str | None
    model: str | None
    assistant: str | None
    sources: list[SourceOut]
    elements: list[ElementOut]
    thumb: ThumbOut | None
    metadata: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> "EntryOut":
        return cls(
            id=entry.id,
            kind=entry.kind,
            at=entry.at,
            author=entry.author,
            text=entry.text,
            shown=entry.shown,
            input=entry.input,
            parent_id=entry.parent_id,
            question_id=entry.question_id or None,
            answer_id=entry.answer_id or None,
            model=entry.model or None,
            assistant=entry.assistant or None,
            sources=[SourceOut.of(source) for source in entry.sources],
            elements=[ElementOut(id=each.id, name=each.name, text=each.text) for each in entry.elements],
            thumb=ThumbOut(up=entry.thumb.is_up, comment=entry.thumb.comment) if entry.thumb else None,
            metadata=dict(entry.metadata),
        )


class ConversationExport(Model):
    """A whole conversation. `version` grows with every change that a reader of older files would not understand."""

    format: Literal["cloister-conversation"] = FORMAT
    version: Literal[1] = VERSION
    exported_at: datetime
    person: str
    id: str
    name: str
    created_at: datetime
    pinned: bool
    entries: list[EntryOut]

    @classmethod
    def of(cls, conversation: Conversation, *, person: str, exported_at: datetime) -> "ConversationExport":
        return cls(
            exported_at=exported_at,
            person=person,
            id=conversation.id,
            name=conversation.name,
            created_at=conversation.created_at,
            pinned=conversation.is_pinned,
            entries=[EntryOut.of(entry) for entry in conversation.entries],
        )
