"""Keys for some knowledge bases only, lock-out, single sign-on, refused connections, submissions and flags

Revision 0008, after 0007.
"""

import json
import zlib

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _narrow_keys()
    _watch_sign_ins()
    _note_who_brought_what()
    op.create_table(
        "egress_refusal",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", "port", "asked_by"),
    )
    _hold_submissions()
    _flag_documents()


def downgrade() -> None:
    for table in ("document_flag", "submission"):
        op.drop_table(table)
    op.drop_column("knowledge_base", "takes_submissions")
    op.drop_column("document_version", "added_by")
    _forget_where_hidden_words_stand()
    # What came from an identity provider would stay for good, and a key with bounds would open everything.
    op.execute("DELETE FROM group_member WHERE issuer <> ''")
    op.execute("DELETE FROM browser_session WHERE issuer <> ''")
    op.execute(sa.text("DELETE FROM api_key WHERE is_limited OR role <> ''"))
    op.drop_column("group_member", "issuer")
    op.drop_column("browser_session", "issuer")
    for table in ("egress_refusal", "outside_identity", "sign_in_failure", "api_key_base"):
        op.drop_table(table)
    for column in ("is_limited", "role"):
        op.drop_column("api_key", column)


def _forget_where_hidden_words_stand() -> None:
    """An earlier version expects the pages of a text and nothing beside them."""
    connection = op.get_bind()
    for id in connection.scalars(sa.text("SELECT id FROM parsed_text")).all():
        packed = connection.scalar(sa.text("SELECT pages FROM parsed_text WHERE id = :id"), {"id": id})
        found = json.loads(zlib.decompress(packed))
        if isinstance(found, dict):
            pages = zlib.compress(json.dumps(found["pages"]).encode(), level=1)
            change = sa.text("UPDATE parsed_text SET pages = :pages WHERE id = :id")
            connection.execute(change, {"pages": pages, "id": id})


def _narrow_keys() -> None:
    with op.batch_alter_table("api_key") as batch:
        batch.add_column(sa.Column("is_limited", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("role", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "api_key_base",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_id", "knowledge_base_id"),
    )
    op.create_index("ix_api_key_base_knowledge_base_id", "api_key_base", ["knowledge_base_id"])


def _watch_sign_ins() -> None:
    op.create_table(
        "sign_in_failure",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "outside_identity",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("gives_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_index("ix_outside_identity_person_id", "outside_identity", ["person_id"])
    with op.batch_alter_table("group_member") as batch:
        batch.add_column(sa.Column("issuer", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("browser_session") as batch:
        batch.add_column(sa.Column("issuer", sa.String(), nullable=False, server_default=""))


def _note_who_brought_what() -> None:
    with op.batch_alter_table("document_version") as batch:
        batch.add_column(sa.Column("added_by", sa.String(), nullable=False, server_default=""))
    # As far as the jobs that brought them are still on the list.
    op.execute(
        "UPDATE document_version SET added_by = COALESCE((SELECT job.requested_by FROM job_item "
        "JOIN job ON job.id = job_item.job_id WHERE job_item.version_id = document_version.id "
        "AND job.generation_id IS NULL ORDER BY job.created_at LIMIT 1), '')"
    )


def _hold_submissions() -> None:
    with op.batch_alter_table("knowledge_base") as batch:
        batch.add_column(sa.Column("takes_submissions", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "submission",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_submission_knowledge_base_id", "submission", ["knowledge_base_id"])
    op.create_index("ix_submission_person_id", "submission", ["person_id"])
    op.create_index("ix_submission_content_hash", "submission", ["content_hash"])


def _flag_documents() -> None:
    op.create_table(
        "document_flag",
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("knowledge_base_id", sa.String(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("dismissed_by", sa.String(), nullable=True),
        sa.Column("dismissed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["document_version.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["knowledge_base_id"], ["knowledge_base.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id", "kind"),
    )
    op.create_index("ix_document_flag_document_id", "document_flag", ["document_id"])
    op.create_index("ix_document_flag_knowledge_base_id", "document_flag", ["knowledge_base_id"])
