"""The tables of people: who they are, what they may do, what they did."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from app.db.columns import UtcDateTime, utc_now
from app.db.ids import new_id


class Person(SQLModel, table=True):
    """Somebody who signs in. Without a password hash the person has only the one-time link.

    `is_admin`: of the whole service. After `disabled_at` neither password nor keys open anything.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    is_admin: bool = False
    password_hash: str | None = None
    welcome_token_hash: str | None = Field(default=None, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKey(SQLModel, table=True):
    """A program's key; only its hash is kept. `beginning`: the first characters, to tell keys apart by.

    One that `is_limited` opens the knowledge bases of its `ApiKeyBase` rows only, and never as an admin. `role`: the
    most that it may do (`MemberRole`), "" for all that its person may.
    """

    __tablename__ = "api_key"
    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(sa_column=Column(ForeignKey("person.id", ondelete="CASCADE"), nullable=False))
    name: str
    key_hash: str = Field(unique=True)
    beginning: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_limited: bool = False
    role: str = ""


class SessionRow(SQLModel, table=True):
    """One sign-in of a browser, named in its cookie. After `ended_at` the cookie opens nothing.

    `issuer`: who vouched for the person, "" for their password.
    """

    __tablename__ = "browser_session"
    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(sa_column=Column(ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True))
    agent: str = ""
    address: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    issuer: str = ""


class GroupRow(SQLModel, table=True):
    """People who are given rights together."""

    __tablename__ = "person_group"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class GroupMember(SQLModel, table=True):
    """Somebody who is in a group. `issuer`: whose word put them there at sign-in, "" for an admin's."""

    __tablename__ = "group_member"
    group_id: str = Field(sa_column=Column(ForeignKey("person_group.id", ondelete="CASCADE"), primary_key=True))
    person_id: str = Field(sa_column=Column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True))
    issuer: str = ""


class Membership(SQLModel, table=True):
    """What a person may do in a knowledge base (`MemberRole`). Admins of the service need none."""

    person_id: str = Field(sa_column=Column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), primary_key=True)
    )
    role: str = "reader"


class GroupMembership(SQLModel, table=True):
    """What everybody in a group may do in a knowledge base (`MemberRole`)."""

    __tablename__ = "group_membership"
    group_id: str = Field(sa_column=Column(ForeignKey("person_group.id", ondelete="CASCADE"), primary_key=True))
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    role: str = "reader"


class AuditRow(SQLModel, table=True):
    """A deed (`AuditEvent`). The database itself refuses to change or delete one."""

    __tablename__ = "audit_event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    person_id: str = Field(index=True)
    person: str
    deed: str = Field(index=True)
    knowledge_base_id: str | None = Field(default=None, index=True)
    subject_id: str = ""
    subject: str = Field(default="", sa_type=Text)
    detail: str = Field(default="", sa_type=Text)


class AnswerRow(SQLModel, table=True):
    """An answer that was given: how it went, not what was asked. `step_id` is its message in the chat, if it has one.

    `knowledge_base_ids` is JSON. Times are milliseconds.
    """

    __tablename__ = "answer"
    id: str = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    person_id: str = Field(index=True)
    face: str
    knowledge_base_ids: str = Field(default="[]", sa_type=Text)
    step_id: str | None = Field(default=None, index=True)
    is_abstained: bool = False
    is_computed: bool = False
    citations: int = 0
    retrieve_ms: float = 0.0
    first_token_ms: float = 0.0
    total_ms: float = 0.0
    model: str = ""
    calls: int = 0
    suspicious: int = 0


class AssistantRow(SQLModel, table=True):
    """A system prompt, the knowledge bases and the tools that it may use (JSON; no bases: all that the asker may read).

    `temperature`: None leaves it to the settings. `model`: an offered model's id, "" for the service's own.
    """

    __tablename__ = "assistant"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    description: str = Field(default="", sa_type=Text)
    system_prompt: str = Field(default="", sa_type=Text)
    knowledge_base_ids: str = Field(default="[]", sa_type=Text)
    tools: str = Field(default="[]", sa_type=Text)
    tool_server_ids: str = Field(default="[]", sa_type=Text)
    temperature: float | None = None
    model: str = ""
    is_default: bool = False
    created_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ChoiceRow(SQLModel, table=True):
    """What an admin chose in the browser in place of a setting (JSON)."""

    __tablename__ = "choice"
    name: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)
    chosen_by: str
    chosen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
