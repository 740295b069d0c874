"""Shared texts, tables as data, progress, sources; chunks of long tables know their header

Revision 0002, after 0001.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _share_texts()
    with op.batch_alter_table("chunk") as batch:
        batch.add_column(sa.Column("table_header", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("text_hash", sa.String(), nullable=False, server_default=""))
    _hash_chunks()
    op.create_index("ix_chunk_text_hash", "chunk", ["text_hash"])
    with op.batch_alter_table("job") as batch:
        batch.add_column(sa.Column("password", sa.String(), nullable=True))
        batch.add_column(sa.Column("source_id", sa.String(), nullable=True))
        batch.add_column(sa.Column("removed", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_job_source_id", "job", ["source_id"])
    with op.batch_alter_table("job_item") as batch:
        batch.add_column(sa.Column("stage", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("progress", sa.Float(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_job_item_location", "job_item", ["location"])
    op.create_table(
        "source",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=False),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("knowledge_base_id", "kind", "location"),
    )
    op.create_index("ix_source_knowledge_base_id", "source", ["knowledge_base_id"])
    op.create_table(
        "chat_quote",
        sa.Column("stepId", sa.String(), nullable=False),
        sa.Column("documentId", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("stepId", "documentId"),
    )
    op.create_index("ix_chat_quote_documentId", "chat_quote", ["documentId"])


def downgrade() -> None:
    for table in ("chat_quote", "source"):
        op.drop_table(table)
    op.drop_index("ix_job_item_location", "job_item")
    for column in ("stage", "progress", "started_at"):
        op.drop_column("job_item", column)
    op.drop_index("ix_job_source_id", "job")
    for column in ("password", "source_id", "removed", "started_at", "cancelled_at"):
        op.drop_column("job", column)
    op.drop_index("ix_chunk_text_hash", "chunk")
    for column in ("table_header", "text_hash"):
        op.drop_column("chunk", column)
    _give_each_version_its_text()


def _give_each_version_its_text() -> None:
    op.create_table(
        "document_text",
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pages", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["document_version.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id"),
    )
    op.execute(
        "INSERT INTO document_text (version_id, text, pages) SELECT document_version.id, parsed_text.text, "
        "parsed_text.pages FROM document_version JOIN parsed_text ON parsed_text.id = document_version.text_id"
    )
    op.drop_index("ix_document_version_text_id", "document_version")
    op.drop_index("ix_document_version_tables_hash", "document_version")
    for column in ("parse_key", "text_id", "attachments", "tables", "tables_hash", "password", "written_at"):
        op.drop_column("document_version", column)
    op.drop_table("parsed_text")


def _share_texts() -> None:
    """Each text so far belongs to one version; it keeps that version's id as its own."""
    op.create_table(
        "parsed_text",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pages", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute("INSERT INTO parsed_text (id, text, pages) SELECT version_id, text, pages FROM document_text")
    with op.batch_alter_table("document_version") as batch:
        batch.add_column(sa.Column("parse_key", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("text_id", sa.String(), nullable=True))
        batch.add_column(sa.Column("attachments", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("tables", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("tables_hash", sa.String(), nullable=True))
        batch.add_column(sa.Column("password", sa.String(), nullable=True))
        batch.add_column(sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE document_version SET text_id = id WHERE id IN (SELECT id FROM parsed_text)")
    op.create_index("ix_document_version_text_id", "document_version", ["text_id"])
    op.create_index("ix_document_version_tables_hash", "document_version", ["tables_hash"])
    op.drop_table("document_text")


def _hash_chunks() -> None:
    """So that a chunk's cached vector can be found when the chunk goes."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT DISTINCT chunk_id, text FROM chunk")).all()
    change = sa.text("UPDATE chunk SET text_hash = :hash WHERE chunk_id = :id")
    for id, text in rows:
        hash_ = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        connection.execute(change, {"hash": hash_, "id": id})
