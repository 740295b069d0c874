"""Tables asked in a child: what comes back is what is there, and a query that goes too far costs nothing but itself."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as clock
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from app.domain import Selected
from app.errors import EngineUnavailable, Rejected
from app.settings import load_settings
from ingest.sandbox import Sandbox
from ingest.sandbox.cells import pack, unpack
from ingest.sandbox.wire import SELECT_ANSWER, Garbage, SelectAnswer, read_body
from tests.ingest.sandbox.test_sandbox import UNRULY, children, read, wait_for


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    settings = load_settings({"data_dir": tmp_path, "tables": {"timeout_s": 1, "memory_mb": 384, "processes": 1}})
    opened = Sandbox(settings, processes=1, folder=tmp_path / "workspaces", child=UNRULY)
    yield opened
    opened.close()


@pytest.fixture
def tables_file(tmp_path: Path) -> Path:
    path = tmp_path / "tables"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE cells AS SELECT * FROM (VALUES (1, 'a'), (2, NULL)) t(n, x)")
    return path


def test_cells_keep_their_types(sandbox: Sandbox, tables_file: Path) -> None:
    query = (
        "SELECT 7, 1.5::DOUBLE, 12.50::DECIMAL(9,2), true, 'é|\"', DATE '2025-03-01', "
        "TIMESTAMP '2025-03-01 10:30:00.5', TIME '10:30', NULL, 'nan'::DOUBLE::VARCHAR, INTERVAL 3 DAY"
    )
    (row,) = sandbox.select(tables_file, query, max_rows=5).rows
    moment = datetime(2025, 3, 1, 10, 30, 0, 500000)
    assert row[:9] == (7, 1.5, Decimal("12.50"), True, 'é|"', date(2025, 3, 1), moment, clock(10, 30), None)
    assert isinstance(row[2], Decimal)
    assert all(isinstance(cell, str) for cell in row[9:])


def test_further_rows_are_cut_and_said_to_be(sandbox: Sandbox, tables_file: Path) -> None:
    found = sandbox.select(tables_file, "SELECT n FROM cells ORDER BY n", max_rows=1)
    assert found == Selected(("n",), ((1,),), is_cut=True)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT m FROM cells", '"m"'),
        ("SELECT 1; SELECT 2", "single SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "read_csv is not allowed"),
        ("SELECT getenv('HOME')", "getenv is not allowed"),
        ("SELECT count(*) FROM range(1000000000000) a, range(1000) b", "longer than 1 seconds"),
        ("SELECT " + "n, " * 30_000 + "n FROM cells", "too long"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    sandbox: Sandbox, tables_file: Path, query: str, says: str
) -> None:
    with pytest.raises(Rejected, match=says):
        sandbox.select(tables_file, query, max_rows=5)
    assert sandbox.select(tables_file, "SELECT count(*) FROM cells", max_rows=5).rows == ((2,),)


def test_a_query_beyond_the_memory_ends_and_the_next_is_answered(sandbox: Sandbox, tables_file: Path) -> None:
    with pytest.raises(Rejected):
        sandbox.select(tables_file, "SELECT string_agg(range::VARCHAR, '') FROM range(1000000000)", max_rows=5)
    assert sandbox.select(tables_file, "SELECT count(*) FROM cells", max_rows=5).rows == ((2,),)


def test_a_question_does_not_wait_behind_a_document(sandbox: Sandbox, tables_file: Path, tmp_path: Path) -> None:
    long_document, note = tmp_path / "long.md", tmp_path / "note"
    long_document.write_text(f"wait {note}")

    def read_it() -> None:
        with pytest.raises(EngineUnavailable):
            read(sandbox, long_document)

    reader = threading.Thread(target=read_it)
    reader.start()
    wait_for(note.exists)
    begun = time.monotonic()
    assert sandbox.select(tables_file, "SELECT count(*) FROM cells", max_rows=5).rows == ((2,),)
    assert time.monotonic() - begun < 10
    sandbox.close()
    reader.join(10)


def test_a_child_that_was_killed_is_started_again(sandbox: Sandbox, tables_file: Path, tmp_path: Path) -> None:
    sandbox.select(tables_file, "SELECT 1", max_rows=5)
    (child,) = children(tmp_path)
    os.kill(child, 9)
    assert sandbox.select(tables_file, "SELECT 1", max_rows=5).rows == ((1,),)


def test_a_missing_file_is_an_unavailable_engine(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="ingest it again"):
        sandbox.select(tmp_path / "missing", "SELECT 1", max_rows=5)


@pytest.mark.parametrize(
    "body",
    [
        b'{"columns": ["n"], "rows": [[["int", "x"]]], "is_cut": false}',
        b'{"columns": ["n"], "rows": [[["Decimal", "x"]]], "is_cut": false}',
        b'{"columns": ["n"], "rows": [[["bytes", "x"]]], "is_cut": false}',
        b'{"columns": ["n"], "rows": [[]], "is_cut": false}',
        b'{"columns": ["n"]}',
        b"\x80",
    ],
)
def test_an_answer_that_is_not_what_it_says_is_garbage(body: bytes) -> None:
    with pytest.raises(Garbage):
        unpack(read_body(SELECT_ANSWER, body))


def test_half_a_surrogate_pair_does_not_stop_the_answer() -> None:
    packed = pack(Selected(("x",), (("\ud83d",),), is_cut=False))
    assert unpack(read_body(SELECT_ANSWER, SELECT_ANSWER.dump_json(packed))).rows == (("?",),)
    assert isinstance(packed, SelectAnswer)
