"""The tables of what guards the service: keys' bounds, failed sign-ins, other houses' names, refusals, reviews."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from app.db.columns import UtcDateTime, utc_now
from app.db.ids import new_id


class ApiKeyBase(SQLModel, table=True):
    """A knowledge base that a limited key opens; a limited key without one opens nothing."""

    __tablename__ = "api_key_base"
    key_id: str = Field(sa_column=Column(ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True))
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), primary_key=True, index=True)
    )


class SignInFailure(SQLModel, table=True):
    """Failed sign-ins in a row. `key` is the hash of a name or of a network address, so that neither stands here."""

    __tablename__ = "sign_in_failure"
    key: str = Field(primary_key=True)
    failures: int
    last_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OutsideIdentity(SQLModel, table=True):
    """Who a person is at the place that signs them in: OpenID's `iss` and `sub`, or a proxy and the name it sends.

    `gives_admin`: the person is an admin on its word, and no more once it takes that back.
    """

    __tablename__ = "outside_identity"
    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: str = Field(sa_column=Column(ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True))
    gives_admin: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class EgressRefusal(SQLModel, table=True):
    """Attempts to reach an address that is not on the list. `asked_by`: the library or module that tried."""

    __tablename__ = "egress_refusal"
    host: str = Field(primary_key=True)
    port: int = Field(primary_key=True)
    asked_by: str = Field(primary_key=True)
    count: int = 1
    first_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SubmissionRow(SQLModel, table=True):
    """A file that somebody who may not add documents handed in. `state`: waiting, accepted, refused.

    Its content lies in the file store; nothing of it is in the index before it is accepted. `flags` is JSON.
    """

    __tablename__ = "submission"
    id: str = Field(default_factory=new_id, primary_key=True)
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    person_id: str = Field(index=True)
    name: str
    content_hash: str = Field(index=True)
    size_bytes: int
    state: str = "waiting"
    flags: str = Field(default="[]", sa_type=Text)
    submitted_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", sa_type=Text)
    job_id: str | None = None


class DocumentFlag(SQLModel, table=True):
    """Why somebody should look at a version of a document (`kind`), and where in it (`places`, JSON)."""

    __tablename__ = "document_flag"
    version_id: str = Field(sa_column=Column(ForeignKey("document_version.id", ondelete="CASCADE"), primary_key=True))
    kind: str = Field(primary_key=True)
    document_id: str = Field(
        sa_column=Column(ForeignKey("document.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    places: str = Field(default="[]", sa_type=Text)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    dismissed_by: str | None = None
    dismissed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
