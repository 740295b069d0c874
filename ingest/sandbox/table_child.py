"""The child that asks tables: as `child.py`, without the parsers, and as urgent as the person who waits for it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain import ParsedDocument
from ingest.sandbox.child import serve
from ingest.sandbox.wire import Garbage

if TYPE_CHECKING:
    from ingest.parse.options import ParseOptions, Report


def load_nothing() -> "Callable[[Path, str, ParseOptions, Report], ParsedDocument]":
    """In place of the parsers, which this child has no use for."""

    def refuse(_path: Path, _name: str, _options: "ParseOptions", _report: "Report") -> ParsedDocument:
        raise Garbage("a document to a child that only asks tables")

    # DuckDB is loaded now, so that the first question need not wait for it.
    from ingest.sandbox import tables  # noqa: F401

    return refuse


if __name__ == "__main__":
    serve(load_nothing, niceness=0)
