"""All tables that Cloister has, in one place for whoever handles a database as a whole."""

from sqlalchemy import Table
from sqlmodel import SQLModel

from app.db import (  # noqa: F401 - registers the tables
    acting_tables,
    chat_tables,
    guarding_tables,
    lab_tables,
    people_tables,
    serving_tables,
    tables,
)


def list_tables() -> list[Table]:
    """Those that others refer to before those that refer to them."""
    return list(SQLModel.metadata.sorted_tables)
