"""Several processes on one database, web hooks, widgets and outside tool servers; indexes for long lists

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _know_the_processes()
    _tell_others()
    _be_shown_elsewhere()
    _use_outside_tools()
    _know_what_answers()
    _index_long_lists()


def downgrade() -> None:
    for name, table in (
        ("ix_document_answering", "document"),
        ("ix_job_item_job_id_position", "job_item"),
        ("ix_job_item_job_id_status", "job_item"),
    ):
        op.drop_index(name, table)
    with op.batch_alter_table("document") as batch:
        for column in ("indexed_at", "size_bytes", "pages", "language"):
            batch.drop_column(column)
    for table in ("assistant_version", "assistant"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("tool_server_ids")
    for table in ("tool_server", "widget", "webhook_delivery", "webhook", "revision", "service_process"):
        op.drop_table(table)


def _know_the_processes() -> None:
    op.create_table(
        "service_process",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "revision",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic"),
    )


def _tell_others() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=True),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_knowledge_base_id", "webhook", ["knowledge_base_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_delivery_webhook_id", "webhook_delivery", ["webhook_id"])
    op.create_index("ix_webhook_delivery_next_at", "webhook_delivery", ["next_at"])


def _be_shown_elsewhere() -> None:
    op.create_table(
        "widget",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("assistant_id", sa.String(), nullable=True),
        sa.Column("knowledge_base_ids", sa.Text(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["assistant_id"], ["assistant.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_widget_assistant_id", "widget", ["assistant_id"])


def _use_outside_tools() -> None:
    op.create_table(
        "tool_server",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("functions", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("listed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    for table in ("assistant", "assistant_version"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("tool_server_ids", sa.Text(), nullable=False, server_default="[]"))


def _know_what_answers() -> None:
    """What lists add up of the versions that answer stands beside the documents, so that one index holds it."""
    for column in (
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("indexed_at", MOMENT, nullable=True),
    ):
        op.add_column("document", column)
    for name, of_version in (
        ("language", "language"),
        ("pages", "page_count"),
        ("size_bytes", "size_bytes"),
        ("indexed_at", "created_at"),
    ):
        op.execute(
            f"UPDATE document SET {name} = (SELECT {of_version} FROM document_version "  # noqa: S608 - our own names
            "WHERE document_version.id = document.active_version_id)"
        )


def _index_long_lists() -> None:
    op.create_index("ix_job_item_job_id_status", "job_item", ["job_id", "status"])
    op.create_index("ix_job_item_job_id_position", "job_item", ["job_id", "position"])
    op.create_index(
        "ix_document_answering", "document", ["knowledge_base_id", "language", "pages", "size_bytes", "indexed_at"]
    )
