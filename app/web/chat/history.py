"""What messages of the chat keep beside their text, and the conversation that is read from it."""

from collections.abc import Iterable
from typing import Any

import chainlit as cl
from pydantic import TypeAdapter

from app.db.chats import ANSWER, ASKED, CITED, FILES_ONLY, GROUNDS, MODEL, QUOTED_DOCUMENTS, SOURCES
from app.domain import Answer, Grounds, Message, Role
from app.domain.web import is_web_id
from app.web.chat.pictures import picture_text_of
from app.web.chat.shown import list_quoted, list_sources

_GROUNDS = TypeAdapter(Grounds | None)
_ROLES = {"user_message": Role.USER, "assistant_message": Role.ASSISTANT}


def history_of(messages: Iterable[cl.Message]) -> list[Message]:
    """Chat messages as turns of a conversation, without lists of sources, files and errors."""
    return [
        Message(_ROLES[m.type], asked_of(m), _grounds_of(m), image_text=picture_text_of(m)) for m in spoken(messages)
    ]


def spoken(messages: Iterable[cl.Message]) -> list[cl.Message]:
    """Those that are questions or answers."""
    return [m for m in messages if (is_question(m) and asked_of(m)) or (m.metadata or {}).get(ANSWER)]


def asked_of(message: cl.Message) -> str:
    """What a message of the chat says to the model: an answer without its sources, a question without its command."""
    metadata = message.metadata or {}
    return str(metadata.get(ANSWER, metadata.get(ASKED, message.content)))


def is_question(message: cl.Message) -> bool:
    """Whether a person asked this; files without words are no question."""
    return message.type == "user_message" and not (message.metadata or {}).get(FILES_ONLY)


def list_before(question: cl.Message) -> list[cl.Message]:
    """The messages of the chat that came before a question."""
    messages = cl.chat_context.get()
    ids = [message.id for message in messages]
    return messages[: ids.index(question.id)] if question.id in ids else messages


def metadata_of(answer: Answer) -> dict[str, Any]:
    """What a message keeps of its answer."""
    tables = answer.table.document_ids if answer.table else ()
    return {
        ANSWER: answer.text,
        QUOTED_DOCUMENTS: list_quoted(answer.citations, tables),
        GROUNDS: _GROUNDS.dump_python(answer.grounds, mode="json"),
        SOURCES: list_sources(answer.citations),
        MODEL: answer.model,
        CITED: [
            (each.document_id, each.start, each.end)
            for each in answer.citations
            if each.verified and not is_web_id(each.document_id)
        ],
    }


def _grounds_of(message: cl.Message) -> Grounds | None:
    """What an answer was written from, as it was kept with it; older answers have none."""
    return _GROUNDS.validate_python((message.metadata or {}).get(GROUNDS))
