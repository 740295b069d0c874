"""The tables of what the chat does besides answering: prompts that were, models to choose from, votes, hosts."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db.columns import UtcDateTime, utc_now
from app.db.ids import new_id


class AssistantVersionRow(SQLModel, table=True):
    """What an assistant was from one change to the next; `number` counts from 1. The newest is what it is now."""

    __tablename__ = "assistant_version"
    __table_args__ = (UniqueConstraint("assistant_id", "number"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    assistant_id: str = Field(sa_column=Column(ForeignKey("assistant.id", ondelete="CASCADE"), nullable=False))
    number: int
    name: str
    description: str = Field(default="", sa_type=Text)
    system_prompt: str = Field(default="", sa_type=Text)
    knowledge_base_ids: str = Field(default="[]", sa_type=Text)
    tools: str = Field(default="[]", sa_type=Text)
    tool_server_ids: str = Field(default="[]", sa_type=Text)
    temperature: float | None = None
    model: str = ""
    changed_by: str
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class OfferedModelRow(SQLModel, table=True):
    """A language model that people may choose in the chat besides the service's own.

    `engine`, `model`, `url`, `context_tokens` are as in the settings of the generator; `sealed_key` is empty for none.
    `sees_images`: it takes pictures.
    """

    __tablename__ = "offered_model"
    id: str = Field(default_factory=new_id, primary_key=True)
    label: str = Field(unique=True)
    engine: str
    model: str
    url: str = ""
    sealed_key: str = Field(default="", sa_type=Text)
    context_tokens: int = 0
    sees_images: bool = False
    offered_by: str
    offered_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class VoteRow(SQLModel, table=True):
    """Which of two models answered a question better: "left", "right", "both" or "neither". Never what was asked.

    `left` and `right` are the names of the models; `knowledge_base_ids` is JSON.
    """

    __tablename__ = "vote"
    id: str = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    person_id: str = Field(index=True)
    knowledge_base_ids: str = Field(default="[]", sa_type=Text)
    left: str
    right: str
    outcome: str


class AllowedHostRow(SQLModel, table=True):
    """A host to which a tool may send without asking each time, as an admin said."""

    __tablename__ = "allowed_host"
    tool: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    allowed_by: str
    allowed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
