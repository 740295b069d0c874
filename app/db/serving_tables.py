"""The tables of a service that other programs use: its processes, web hooks, widgets, and outside tool servers."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from app.db.columns import UtcDateTime, utc_now
from app.db.ids import new_id


class ServiceProcess(SQLModel, table=True):
    """A process that is at work on this database. `id` is the name under which it runs workflows.

    `role`: web or worker. One that has not been seen for a while is dead, and others take up what it had begun.
    """

    __tablename__ = "service_process"
    id: str = Field(primary_key=True)
    role: str
    host: str
    pid: int
    version: str
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Revision(SQLModel, table=True):
    """How often something was changed that processes keep in memory: a process that knows a lower number looks anew."""

    __tablename__ = "revision"
    topic: str = Field(primary_key=True)
    number: int = 0


class WebhookRow(SQLModel, table=True):
    """An address that is told of events. `events`: JSON list of their names. `knowledge_base_id`: None for all.

    `sealed_secret` signs what is sent. `is_active` is off where an admin, or too many failures, switched it off.
    """

    __tablename__ = "webhook"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    url: str = Field(sa_type=Text)
    events: str = Field(default="[]", sa_type=Text)
    knowledge_base_id: str | None = Field(
        default=None, sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=True, index=True)
    )
    sealed_secret: str = Field(sa_type=Text)
    is_active: bool = True
    created_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class WebhookDelivery(SQLModel, table=True):
    """One event for one address. `body`: the JSON that is sent: ids, counts and states, no text of documents.

    `next_at`: when it is tried next, None once it is over. `delivered_at`: when the address took it. `status`: the last
    HTTP status, None where nobody answered; `error` says why in a sentence.
    """

    __tablename__ = "webhook_delivery"
    id: str = Field(default_factory=new_id, primary_key=True)
    webhook_id: str = Field(sa_column=Column(ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False, index=True))
    event: str
    body: str = Field(sa_type=Text)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    attempts: int = 0
    next_at: datetime | None = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: int | None = None
    error: str = Field(default="", sa_type=Text)


class WidgetRow(SQLModel, table=True):
    """A chat that other pages show. `origins`: JSON list of the origins whose pages may.

    Its visitors are nobody by name: it answers from `knowledge_base_ids` (JSON list) and from nothing else.
    """

    __tablename__ = "widget"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    title: str = ""
    greeting: str = Field(default="", sa_type=Text)
    assistant_id: str | None = Field(
        default=None, sa_column=Column(ForeignKey("assistant.id", ondelete="SET NULL"), nullable=True, index=True)
    )
    knowledge_base_ids: str = Field(default="[]", sa_type=Text)
    origins: str = Field(default="[]", sa_type=Text)
    is_active: bool = True
    created_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ToolServerRow(SQLModel, table=True):
    """A server of outside tools (Model Context Protocol). `sealed_key`: its bearer token, empty for none.

    `functions`: JSON list of what it offered when it was last asked, with what an admin said about each.
    """

    __tablename__ = "tool_server"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    url: str = Field(sa_type=Text)
    sealed_key: str = Field(default="", sa_type=Text)
    functions: str = Field(default="[]", sa_type=Text)
    is_active: bool = True
    created_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    listed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
