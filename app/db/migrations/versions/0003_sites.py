"""Sites as sources: what is known of their pages, the runs that visited them; schedules with a time zone

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job_item") as batch:
        batch.add_column(sa.Column("suffix", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("time_zone", sa.String(), nullable=False, server_default="UTC"))
        batch.add_column(sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("options", sa.Text(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("secret", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("checkpoint", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    _create_site_page()
    _create_crawl_run()
    _create_crawl_page()


def downgrade() -> None:
    # What an earlier version would take for a folder.
    op.execute(
        "UPDATE job SET state = 'failed', error = 'This version reads no sites.' WHERE state IN ('queued', 'running') "
        "AND source_id IN (SELECT id FROM source WHERE kind = 'site')"
    )
    for table in ("crawl_page", "crawl_run", "site_page"):
        op.drop_table(table)
    op.execute("DELETE FROM source WHERE kind = 'site'")
    for column in ("time_zone", "is_paused", "options", "secret", "checkpoint", "failures", "retry_at"):
        op.drop_column("source", column)
    op.drop_column("job_item", "suffix")


def _create_site_page() -> None:
    op.create_table(
        "site_page",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("copy_of", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("last_modified", sa.String(), nullable=False),
        sa.Column("lastmod", sa.String(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "url"),
    )
    op.create_index("ix_site_page_document_id", "site_page", ["document_id"])


def _create_crawl_run() -> None:
    op.create_table(
        "crawl_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("accepts_removals", sa.Boolean(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("is_delta", sa.Boolean(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("embedded_chunks", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_crawl_run_source_id", "crawl_run", ["source_id"])


def _create_crawl_page() -> None:
    op.create_table(
        "crawl_page",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("canonical_url", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=True),
        sa.Column("document_id", sa.String(), nullable=True),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("last_modified", sa.String(), nullable=False),
        sa.Column("lastmod", sa.String(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("diff", sa.LargeBinary(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "url"),
    )
    op.create_index("ix_crawl_page_document_id", "crawl_page", ["document_id"])
