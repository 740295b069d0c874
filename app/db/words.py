"""Finding words in columns of text, in any script and case."""

from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import String


class _Lower(GenericFunction[str]):
    """Lower case of every script: Postgres's own function, and on SQLite ours (app.db.session)."""

    type = String()
    name = "lower_all"
    inherit_cache = True


@compiles(_Lower)
def _lower(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_Lower, "sqlite")
def _lower_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower_all({compiler.process(element.clauses, **options)})"


def holds(column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """Whether a text holds a word, whatever the case; the word is no pattern. Nothing is held by no text."""
    return func.coalesce(_Lower(column).contains(word.lower(), autoescape=True), False)
