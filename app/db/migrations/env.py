"""Alembic's entry point: runs inside the connection that `Database.migrate` hands over."""

from alembic import context
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

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
