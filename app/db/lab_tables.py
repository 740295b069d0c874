"""The tables of the lab."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db.columns import UtcDateTime, utc_now


class QuestionRow(SQLModel, table=True):
    """A question by which chunking is measured; `quote` are the words of a document that answer it.

    `origin`: written, imported, chat, rule, model. One that was proposed measures nothing until it `is_approved`.
    """

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("knowledge_base_id", "text"),)
    id: str = Field(primary_key=True)
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=False)
    )
    document_id: str = Field(
        sa_column=Column(ForeignKey("document.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    text: str = Field(sa_type=Text)
    quote: str = Field(sa_type=Text)
    origin: str = "imported"
    is_approved: bool = True
    created_by: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SweepRow(SQLModel, table=True):
    """A comparison of chunking profiles and ways to search. `plan` and `results` are JSON (`app.lab.sweeps`).

    `state`: queued, running, done, failed, cancelled. `stage` says what is at hand.
    """

    __tablename__ = "sweep"
    id: str = Field(primary_key=True)
    knowledge_base_id: str = Field(
        sa_column=Column(ForeignKey("knowledge_base.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    requested_by: str
    state: str = "queued"
    plan: str = Field(sa_type=Text)
    results: str = Field(default="[]", sa_type=Text)
    stage: str = ""
    progress: float = 0.0
    error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
