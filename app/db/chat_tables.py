"""The five tables of the chat page: its users, threads, steps, elements and feedbacks.

Table and column names are Chainlit's own (its `StepDict`, `ElementDict` and so on), so that a row and
its dictionary are the same thing. Times are ISO 8601 text in UTC, as Chainlit writes them.
No foreign keys: Chainlit stores an element before the message that shows it.
"""

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text
from sqlmodel import SQLModel

_json = JSON(none_as_null=True)

chat_users = Table(
    "users",
    SQLModel.metadata,
    Column("id", String, primary_key=True),
    Column("identifier", String, nullable=False, unique=True),
    Column("createdAt", String, nullable=False),
    Column("metadata", _json, nullable=False),
)

chat_threads = Table(
    "threads",
    SQLModel.metadata,
    Column("id", String, primary_key=True),
    Column("createdAt", String, nullable=False),
    Column("name", Text),
    Column("userId", String, index=True),
    Column("userIdentifier", String),
    Column("tags", _json),
    Column("metadata", _json, nullable=False),
)

chat_steps = Table(
    "steps",
    SQLModel.metadata,
    Column("id", String, primary_key=True),
    Column("threadId", String, nullable=False, index=True),
    Column("parentId", String),
    Column("name", Text, nullable=False),
    Column("type", String, nullable=False),
    Column("command", Text),
    Column("modes", _json),
    Column("streaming", Boolean, nullable=False),
    Column("waitForAnswer", Boolean),
    Column("isError", Boolean),
    Column("metadata", _json, nullable=False),
    Column("tags", _json),
    Column("input", Text),
    Column("output", Text),
    Column("createdAt", String),
    Column("start", String),
    Column("end", String),
    Column("generation", _json),
    # A boolean or the name of a language.
    Column("showInput", _json),
    Column("defaultOpen", Boolean),
    Column("autoCollapse", Boolean),
    Column("language", String),
    Column("icon", String),
)

chat_elements = Table(
    "elements",
    SQLModel.metadata,
    Column("id", String, primary_key=True),
    Column("threadId", String, index=True),
    Column("forId", String, index=True),
    Column("type", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("display", String, nullable=False),
    Column("url", Text),
    Column("objectKey", Text),
    Column("chainlitKey", String),
    Column("mime", String),
    Column("size", String),
    Column("language", String),
    Column("page", Integer),
    Column("props", _json),
    Column("autoPlay", Boolean),
    Column("playerConfig", _json),
)

chat_feedbacks = Table(
    "feedbacks",
    SQLModel.metadata,
    Column("id", String, primary_key=True),
    Column("forId", String, nullable=False, index=True),
    Column("threadId", String),
    Column("value", Integer, nullable=False),
    Column("comment", Text),
)

# Which documents a step quotes, so that the quotes go when the document goes.
chat_quotes = Table(
    "chat_quote",
    SQLModel.metadata,
    Column("stepId", String, primary_key=True),
    Column("documentId", String, primary_key=True, index=True),
)
