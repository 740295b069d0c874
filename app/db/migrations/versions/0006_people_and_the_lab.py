"""Roles, groups, browser sessions, the audit log, answers given, assistants, choices; proposed questions and sweeps

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from app.errors import Rejected

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("disabled_at", MOMENT, nullable=True))
    with op.batch_alter_table("api_key") as batch:
        batch.add_column(sa.Column("beginning", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("expires_at", MOMENT, nullable=True))
        batch.add_column(sa.Column("used_at", MOMENT, nullable=True))
    with op.batch_alter_table("membership") as batch:
        batch.add_column(sa.Column("role", sa.String(), nullable=False, server_default="reader"))
    with op.batch_alter_table("knowledge_base") as batch:
        batch.add_column(sa.Column("deleted_at", MOMENT, nullable=True))
    with op.batch_alter_table("generation") as batch:
        batch.add_column(sa.Column("sample", sa.Text(), nullable=True))
    with op.batch_alter_table("question") as batch:
        batch.add_column(sa.Column("origin", sa.String(), nullable=False, server_default="imported"))
        batch.add_column(sa.Column("is_approved", sa.Boolean(), nullable=False, server_default=sa.true()))
    _create_sessions()
    _create_groups()
    _create_audit()
    _create_answers()
    _create_assistants()
    _create_sweeps()


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM knowledge_base WHERE deleted_at IS NOT NULL")):
        raise Rejected(
            "A knowledge base is still being deleted, and an earlier version would show it again. Nothing was changed. "
            "Start Cloister once, so that it can finish, and try again."
        )
    _take_what_would_be_more()
    for table in ("sweep", "choice", "assistant", "answer", "audit_event"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
    for table in ("group_membership", "group_member", "person_group", "browser_session"):
        op.drop_table(table)
    for table, columns in (
        ("question", ("origin", "is_approved")),
        ("generation", ("sample",)),
        ("knowledge_base", ("deleted_at",)),
        ("membership", ("role",)),
        ("api_key", ("beginning", "expires_at", "used_at")),
        ("person", ("disabled_at",)),
    ):
        for column in columns:
            op.drop_column(table, column)


def _take_what_would_be_more() -> None:
    """What an earlier version cannot bound must not open more there: keys with an end, people who were shut out."""
    op.execute(
        "DELETE FROM api_key WHERE expires_at IS NOT NULL "
        "OR person_id IN (SELECT id FROM person WHERE disabled_at IS NOT NULL)"
    )
    op.execute("UPDATE person SET password_hash = NULL, welcome_token_hash = NULL WHERE disabled_at IS NOT NULL")
    op.execute(sa.text("DELETE FROM question WHERE NOT is_approved"))
    # A trial that was made of a sample is not the whole knowledge base.
    op.execute("DELETE FROM chunk WHERE generation_id IN (SELECT id FROM generation WHERE sample IS NOT NULL)")
    op.execute("DELETE FROM generation WHERE sample IS NOT NULL")


def _create_sessions() -> None:
    op.create_table(
        "browser_session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_browser_session_person_id", "browser_session", ["person_id"])


def _create_groups() -> None:
    op.create_table(
        "person_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "group_member",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["person_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "person_id"),
    )
    op.create_index("ix_group_member_person_id", "group_member", ["person_id"])
    op.create_table(
        "group_membership",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["person_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "knowledge_base_id"),
    )
    op.create_index("ix_group_membership_knowledge_base_id", "group_membership", ["knowledge_base_id"])


def _create_audit() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=True),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("at", "person_id", "deed", "knowledge_base_id"):
        op.create_index(f"ix_audit_event_{column}", "audit_event", [column])
    _refuse_changes()


def _refuse_changes() -> None:
    """The database itself keeps the log as it was written."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_event_no_{deed.lower()} BEFORE {deed} ON audit_event "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def _create_answers() -> None:
    op.create_table(
        "answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("face", sa.String(), nullable=False),
        sa.Column("knowledge_base_ids", sa.Text(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=True),
        sa.Column("is_abstained", sa.Boolean(), nullable=False),
        sa.Column("is_computed", sa.Boolean(), nullable=False),
        sa.Column("citations", sa.Integer(), nullable=False),
        sa.Column("retrieve_ms", sa.Float(), nullable=False),
        sa.Column("first_token_ms", sa.Float(), nullable=False),
        sa.Column("total_ms", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("at", "person_id", "step_id"):
        op.create_index(f"ix_answer_{column}", "answer", [column])


def _create_assistants() -> None:
    op.create_table(
        "assistant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("knowledge_base_ids", sa.Text(), nullable=False),
        sa.Column("tools", sa.Text(), nullable=False),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "choice",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.String(), nullable=False),
        sa.Column("chosen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _create_sweeps() -> None:
    op.create_table(
        "sweep",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sweep_knowledge_base_id", "sweep", ["knowledge_base_id"])
