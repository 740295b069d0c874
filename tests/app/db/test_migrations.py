"""A data folder of an earlier release is brought up to date with everything that was in it."""

import errno
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import documents, parsed_texts, safety_copy
from app.db.safety_copy import COPIES
from app.db.session import MIGRATIONS, Database
from app.errors import EngineUnavailable, SettingsError

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
        assert parsed_texts.get_text(session, document.version_id) == CHUNK
        assert parsed_texts.load_pages(session, document.version_id) == ()
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


def test_a_file_is_copied_as_it_was_before_its_schema_changes_and_not_at_later_starts(first_release: Database) -> None:
    first_release.migrate()
    assert first_release.file
    copy = first_release.file.parent / COPIES / "cloister-0001.sqlite"
    assert copy.stat().st_mode & 0o077 == 0
    with sqlite3.connect(copy) as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert opened.execute("SELECT text FROM document_text").fetchall() == [(CHUNK,)]
    copy.unlink()
    first_release.migrate()
    assert list(copy.parent.iterdir()) == []


def test_the_copy_is_a_database_that_can_be_put_back_and_upgraded_again(
    first_release: Database, tmp_path: Path
) -> None:
    first_release.migrate()
    assert first_release.file
    put_back = tmp_path / "back.sqlite"
    (first_release.file.parent / COPIES / "cloister-0001.sqlite").rename(put_back)
    again = Database(f"sqlite:///{put_back}")
    again.migrate()
    with again.read() as session:
        assert len(documents.list_documents(session, ["kb"])) == 1
    again.close()


def test_copies_of_upgrades_that_are_long_past_go(first_release: Database) -> None:
    first_release.migrate()
    assert first_release.file
    copy = first_release.file.parent / COPIES / "cloister-0001.sqlite"
    long_past = time.time() - (safety_copy.KEPT_DAYS + 1) * 24 * 3600
    os.utime(copy, (long_past, long_past))
    first_release.migrate()
    assert not copy.exists()


def test_without_room_for_the_copy_nothing_is_changed(first_release: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(safety_copy.os, "fsync", full)
        with pytest.raises(EngineUnavailable, match="nothing was changed"):
            first_release.migrate()
    assert first_release.read_revision() == "0001"
    assert first_release.file
    assert list((first_release.file.parent / COPIES).iterdir()) == []


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0042'"))
    with pytest.raises(SettingsError, match=r"newer version of Cloister: its schema is 0042.*Nothing was changed"):
        database.migrate()
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0042"


def test_a_file_with_tables_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE recipe (id INTEGER)")
    database = Database(f"sqlite:///{file}")
    with pytest.raises(SettingsError, match="does not say which version"):
        database.migrate()
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipe",)]


@pytest.mark.parametrize("at", [0, 100])
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, at: int) -> None:
    file = tmp_path / "db.sqlite"
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.fold()
    database.close()
    content = bytearray(file.read_bytes())
    content[at : at + 8192] = b"x" * 8192
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"cannot be read.*cloister restore"):
        Database(f"sqlite:///{file}").migrate()
    assert file.read_bytes() == content


def test_pages_that_are_damaged_stop_an_upgrade_before_it_begins(first_release: Database) -> None:
    assert first_release.file
    first_release.fold()
    content = bytearray(first_release.file.read_bytes())
    content[-4096:] = b"x" * 4096
    first_release.file.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged pages"):
        first_release.migrate()
    assert first_release.file.read_bytes()[100:] == content[100:]  # before that, how it was last opened
