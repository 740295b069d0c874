"""Versions of assistants, models to choose from, votes, allowed hosts; what answers did with tools

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("assistant") as batch:
        batch.add_column(sa.Column("model", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("answer") as batch:
        batch.add_column(sa.Column("model", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("calls", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("suspicious", sa.Integer(), nullable=False, server_default="0"))
    _create_assistant_versions()
    op.create_table(
        "offered_model",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("context_tokens", sa.Integer(), nullable=False),
        sa.Column("sees_images", sa.Boolean(), nullable=False),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label"),
    )
    op.create_table(
        "vote",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("knowledge_base_ids", sa.Text(), nullable=False),
        sa.Column("left", sa.String(), nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_vote_at", "vote", ["at"])
    op.create_index("ix_vote_person_id", "vote", ["person_id"])
    op.create_table(
        "allowed_host",
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("allowed_by", sa.String(), nullable=False),
        sa.Column("allowed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tool", "host"),
    )


def downgrade() -> None:
    for table in ("allowed_host", "vote", "offered_model", "assistant_version"):
        op.drop_table(table)
    for column in ("model", "calls", "suspicious"):
        op.drop_column("answer", column)
    op.drop_column("assistant", "model")


def _create_assistant_versions() -> None:
    op.create_table(
        "assistant_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("assistant_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("knowledge_base_ids", sa.Text(), nullable=False),
        sa.Column("tools", sa.Text(), nullable=False),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["assistant_id"], ["assistant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("assistant_id", "number"),
    )
    # Assistants that are there already begin with what they are now.
    op.execute(
        "INSERT INTO assistant_version (id, assistant_id, number, name, description, system_prompt, "
        "knowledge_base_ids, tools, temperature, model, changed_by, changed_at) "
        "SELECT id, id, 1, name, description, system_prompt, knowledge_base_ids, tools, temperature, model, "
        "created_by, changed_at FROM assistant"
    )
