"""Generations that are built beside the one that answers, and kept after it

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("generation") as batch:
        batch.add_column(sa.Column("state", sa.String(), nullable=False, server_default="active"))
        batch.add_column(sa.Column("is_trial", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("job") as batch:
        batch.add_column(sa.Column("generation_id", sa.String(), nullable=True))
    op.create_index("ix_job_generation_id", "job", ["generation_id"])


def downgrade() -> None:
    # An earlier version knows one generation of each knowledge base, and would take a re-index for an ingest.
    op.execute("DELETE FROM job_item WHERE job_id IN (SELECT id FROM job WHERE generation_id IS NOT NULL)")
    op.execute("DELETE FROM job WHERE generation_id IS NOT NULL")
    op.execute("DELETE FROM chunk WHERE generation_id NOT IN (SELECT active_generation_id FROM knowledge_base)")
    op.execute("DELETE FROM generation WHERE id NOT IN (SELECT active_generation_id FROM knowledge_base)")
    op.drop_index("ix_job_generation_id", "job")
    op.drop_column("job", "generation_id")
    for column in ("state", "is_trial", "retired_at"):
        op.drop_column("generation", column)
