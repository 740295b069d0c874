"""Which SQL may be asked of tables: what DuckDB itself parses it to, and only functions that compute from cells.

An allow-list, not a deny-list: DuckDB has some hundred functions that read files, settings, the environment or its own
catalogue, and gains more with every release.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import duckdb

from app.errors import Rejected

# Arithmetic, comparison and logic come as functions too.
OPERATORS: Final = frozenset(
    "+ - * / // % ^ ** || ~~ !~~ ~~* !~~* ~ & | << >> = <> < > <= >=".split()  # noqa: SIM905 - as the list below
)
FUNCTIONS: Final = frozenset(
    """
    count count_star sum avg mean median mode min max any_value first last arg_min arg_max min_by max_by product
    count_if sum_no_overflow quantile quantile_cont quantile_disc stddev stddev_pop stddev_samp variance var_pop
    var_samp corr covar_pop covar_samp regr_slope regr_intercept string_agg group_concat listagg approx_count_distinct
    bool_and bool_or
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs ceil ceiling floor round trunc sign sqrt power pow exp ln log log10 log2 mod greatest least add subtract
    multiply divide isnan isinf isfinite
    lower upper trim ltrim rtrim length strlen substring substr left right replace regexp_matches regexp_replace
    regexp_extract regexp_full_match contains starts_with ends_with prefix suffix position strpos instr concat
    concat_ws strip_accents like_escape ilike_escape not_like_escape not_ilike_escape split_part translate nullif
    ifnull coalesce if
    year month day quarter week weekofyear weekday dayofweek dayofyear isodow isoyear yearweek hour minute second
    epoch date_part datepart date_trunc datetrunc date_diff datediff date_sub datesub date_add make_date last_day
    monthname dayname strftime strptime try_strptime to_days to_months to_years to_weeks to_hours to_minutes
    range generate_series unnest
    """.split()  # noqa: SIM905 - reads as the list that it is
)
# Names that are no columns: DuckDB turns them into calls when it binds them.
FORBIDDEN_NAMES: Final = frozenset({"current_user", "session_user", "user", "current_catalog", "current_schema"})


def require_allowed(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Raises Rejected where the query calls a function that is not listed, or a table that is not in the file."""
    (serialised,) = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone() or ("",)
    parsed = json.loads(serialised)
    if parsed["error"]:
        raise Rejected("The query cannot be run: only a plain SELECT can be asked of tables.")
    known = {
        str(name).casefold() for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    }
    nodes = list(_nodes(parsed["statements"]))
    known |= {str(node["key"]).casefold() for node in nodes if "key" in node and "value" in node}
    for node in nodes:
        _require_node_allowed(node, known)


def _require_node_allowed(node: dict[str, Any], tables: set[str]) -> None:
    match node:
        case {"function_name": str(name)} if name.casefold() not in FUNCTIONS | OPERATORS:
            raise Rejected(f"The query cannot be run: the function {name[:40]} is not allowed.")
        case {"function_name": str(), "schema": schema, "catalog": catalog} if schema or catalog:
            raise Rejected("The query cannot be run: functions are called by their name alone.")
        case {"type": "BASE_TABLE", "table_name": str(name)} if name.casefold() not in tables:
            raise Rejected(f"The query cannot be run: there is no table {name[:40]}.")
        case {"type": "SHOW_REF"} | {"type": "PIVOT"}:
            raise Rejected("The query cannot be run: only tables of the file can be read.")
        case {"class": "COLUMN_REF", "column_names": [str(name)]} if name.casefold() in FORBIDDEN_NAMES:
            raise Rejected(f"The query cannot be run: there is no column {name}.")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All nodes of the syntax tree. Not recursive: a query may nest deeper than Python does."""
    open_ = [tree]
    while open_:
        part = open_.pop()
        if isinstance(part, dict):
            yield part
            open_.extend(part.values())
        elif isinstance(part, list):
            open_.extend(part)
