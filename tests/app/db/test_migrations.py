"""A data folder of an earlier release is brought up to date with everything that was in it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import documents, versions
from app.db.session import MIGRATIONS, Database

CHUNK = "Rye needs a cold winter."
OLD_ROWS = f"""
INSERT INTO knowledge_base VALUES ('kb', 'Documents', 'gen', '2026-01-01');
INSERT INTO generation VALUES ('gen', 'kb', 'heading', 200, 30, 'model', '2026-01-01');
INSERT INTO document (id, knowledge_base_id, location, name, active_version_id, created_at)
  VALUES ('doc', 'kb', '/rye.md', 'rye.md', 'v1', '2026-01-01');
INSERT INTO document_version (id, document_id, content_hash, size_bytes, media_type, title, author, language,
  page_count, warnings, created_at)
  VALUES ('v1', 'doc', 'hash', 24, 'text/markdown', 'rye', '', 'en', 0, '[]', '2026-01-01');
INSERT INTO document_text (version_id, text, pages) VALUES ('v1', '{CHUNK}', x'789c8b8e0500011500b9');
INSERT INTO chunk (generation_id, version_id, chunk_id, document_id, ordinal, start_char, end_char, text, tokens,
  headings, page_breaks) VALUES ('gen', 'v1', 'chunk', 'doc', 0, 0, 24, '{CHUNK}', 6, '[]', '[]');
INSERT INTO job (id, kind, knowledge_base_id, requested_by, state, paths, prune, created_at)
  VALUES ('job', 'ingest', 'kb', 'local', 'done', '[]', 0, '2026-01-01');
INSERT INTO job_item (id, job_id, position, source, location, content_hash, size_bytes, status, pages, chunks,
  embedded_chunks, seconds) VALUES ('item', 'job', 0, 'rye.md', '/rye.md', 'hash', 24, 'indexed', 0, 1, 1, 0.1);
"""


@pytest.fixture
def first_release(tmp_path: Path) -> Iterator[Database]:
    """A database as the first release left it, with one document."""
    database = Database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLD_ROWS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    yield database
    database.close()


def test_documents_texts_and_chunks_of_the_first_release_are_all_there_afterwards(first_release: Database) -> None:
    first_release.migrate()
    with first_release.read() as session:
        (document,) = documents.list_documents(session, ["kb"])
        assert (document.id, document.chunks, document.tables) == ("doc", 1, ())
        assert versions.get_text(session, document.version_id) == CHUNK
        assert versions.load_pages(session, document.version_id) == ()
        hash_ = session.execute(text("SELECT text_hash FROM chunk")).scalar_one()
        assert hash_ == hashlib.sha256(CHUNK.encode()).hexdigest()


def test_a_migration_that_fails_changes_nothing(first_release: Database) -> None:
    with first_release.engine.begin() as connection:
        connection.execute(text("CREATE TABLE document_flag (stranger INTEGER)"))
    with pytest.raises(OperationalError, match="already exists"):
        first_release.migrate()
    with first_release.engine.begin() as connection:
        connection.execute(text("DROP TABLE document_flag"))
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0001"
    first_release.migrate()
    with first_release.read() as session:
        assert len(documents.list_documents(session, ["kb"])) == 1


def test_a_second_start_changes_nothing(first_release: Database) -> None:
    for _ in range(2):
        first_release.migrate()
    with first_release.read() as session:
        assert len(documents.list_documents(session, ["kb"])) == 1
