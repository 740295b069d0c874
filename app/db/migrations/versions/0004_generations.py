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
