"""A tables file is data and nothing else: what was put in reads back, and a query reaches nothing beyond it."""

import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.errors import EngineUnavailable, Rejected
from ingest.parse.media_type import MediaType
from ingest.parse.tabular import parse_delimited
from ingest.sandbox.tables import QueryLimits, select_rows
from tests.ingest.parse.conftest import options

LIMITS = QueryLimits(max_rows=100, timeout_s=5, memory_mb=256, threads=1)
SALES = "Day,Region,Amount,Note\n2025-01-31,North,12.50,a\n2025-02-28,South,7.25,\n"


@pytest.fixture
def tables_file(tmp_path: Path) -> Path:
    path = tmp_path / "stored"
    path.write_text(SALES)
    made = parse_delimited(path, "sales.csv", MediaType.CSV, options()).tables_file
    assert made
    return made


def test_the_data_reads_back_with_its_types(tables_file: Path) -> None:
    found = select_rows(tables_file, "SELECT * FROM sales", LIMITS)
    assert found.columns == ("Day", "Region", "Amount", "Note")
    assert found.rows == (
        (date(2025, 1, 31), "North", Decimal("12.50"), "a"),
        (date(2025, 2, 28), "South", Decimal("7.25"), None),
    )


def test_sums_and_groups_are_asked_in_sql(tables_file: Path) -> None:
    found = select_rows(tables_file, 'SELECT "Region", sum("Amount") FROM sales GROUP BY 1 ORDER BY 2', LIMITS)
    assert found.rows == (("South", Decimal("7.25")), ("North", Decimal("12.50")))


def test_more_rows_than_allowed_are_cut_and_said_to_be(tables_file: Path) -> None:
    found = select_rows(tables_file, "SELECT * FROM range(1000)", QueryLimits(3, 5, 256, 1))
    assert (found.rows, found.is_cut) == (((0,), (1,), (2,)), True)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "INSERT INTO sales VALUES (NULL, NULL, NULL, NULL)",
        "DROP TABLE sales",
        "CREATE TEMP TABLE t AS SELECT 1",
        "COPY sales TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA threads = 8",
        "SET threads = 8",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE sales",
        "SELECT * FROM read_csv('{folder}/stored')",
        "SELECT * FROM read_text('{folder}/stored')",
        "SELECT * FROM '{folder}/stored'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
        "SELECT * FROM read_parquet('s3://bucket/x')",
        "SELECT * FROM query('DROP TABLE sales')",
        "SELECT * FROM SALES_OF_NOBODY",
        "SELECT * FROM LIMITS",
        'SELECT CAST("Region" AS INTEGER) FROM sales',
        "SELECT getenv('HOME')",
        "SELECT GetEnv('HOME') FROM sales",
        "SELECT current_setting('threads')",
        "SELECT main.getenv('HOME')",
        "SELECT current_user",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM pragma_database_list()",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM sales WHERE \"Amount\" > (SELECT length(content) FROM read_text('{folder}/stored'))",
        "WITH a AS (SELECT * FROM read_blob('{folder}/*')) SELECT * FROM a",
        "SELECT repeat('x', 1000000000)",
        "SELECT write_log('x')",
        "DESCRIBE sales",
        "SHOW TABLES",
        "FROM query_table('sales')",
    ],
)
def test_all_but_one_select_over_the_file_is_refused(tables_file: Path, tmp_path: Path, query: str) -> None:
    (tmp_path / "stored.csv").write_text(SALES)
    with pytest.raises(Rejected):
        select_rows(tables_file, query.format(folder=tmp_path), LIMITS)
    assert select_rows(tables_file, "SELECT count(*) FROM sales", LIMITS).rows == ((2,),)
    assert not list(tmp_path.glob("o*"))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM range(1000000000000) a, range(1000) b",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
    ],
)
def test_a_query_without_end_is_stopped(tables_file: Path, query: str) -> None:
    begun = time.monotonic()
    with pytest.raises(Rejected, match=r"longer than 0\.5 seconds"):
        select_rows(tables_file, query, QueryLimits(10, 0.5, 256, 1))
    assert time.monotonic() - begun < 10


def test_a_query_that_needs_too_much_memory_is_stopped(tables_file: Path) -> None:
    with pytest.raises(Rejected, match="memory"):
        select_rows(
            tables_file,
            "SELECT string_agg(CAST(range AS VARCHAR), '') FROM range(100000000)",
            QueryLimits(10, 60, 64, 1),
        )


@pytest.mark.parametrize(
    "query",
    [
        'SELECT "Region", row_number() OVER (ORDER BY "Amount") FROM sales',
        "SELECT strftime(date_trunc('month', \"Day\"), '%Y-%m'), median(\"Amount\") FROM sales GROUP BY ALL",
        'WITH s AS (SELECT lower(trim("Region")) AS r FROM sales) SELECT count(DISTINCT r) FROM s',
        'SELECT "Region" FROM sales WHERE "Amount" BETWEEN 1 AND 20 AND "Note" IS NULL OR NOT "Region" LIKE \'N%\'',
        'SELECT 100.0 * count(*) FILTER ("Amount" > 8) / nullif(count(*), 0) FROM sales',
        'SELECT a."Region" FROM sales a JOIN sales b USING ("Day") ORDER BY extract(year FROM a."Day") DESC LIMIT 1',
        'SELECT CASE WHEN "Amount" > 1 THEN -"Amount" ELSE 0 END, "Day" - INTERVAL 1 DAY FROM sales',
    ],
)
def test_what_computes_from_cells_is_allowed(tables_file: Path, query: str) -> None:
    assert select_rows(tables_file, query, LIMITS).rows


def test_a_message_never_quotes_a_cell(tables_file: Path) -> None:
    with pytest.raises(Rejected) as refusal:
        select_rows(tables_file, 'SELECT CAST("Region" AS INTEGER) FROM sales', LIMITS)
    assert "North" not in str(refusal.value)


def test_a_missing_or_damaged_file_is_an_unavailable_engine(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_bytes(b"no database" * 1000)
    for name in ("missing", "damaged"):
        with pytest.raises(EngineUnavailable):
            select_rows(tmp_path / name, "SELECT 1", LIMITS)
