"""Which revision a database's schema has, and whether this version of Cloister can work with it.

Nothing here changes a database that it cannot name the revision of.
"""

import sqlite3
from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError

from app.db.all_tables import list_tables
from app.errors import SettingsError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
EMPTY: Final = ""
"""The revision of a database that holds nothing yet."""


def migrations_config(connection: Connection | None = None) -> Config:
    """What Alembic is called with."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def list_revisions() -> list[str]:
    """All that this version knows, the oldest first."""
    scripts = ScriptDirectory.from_config(migrations_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def newest_revision() -> str:
    """The one that this version works with."""
    return list_revisions()[-1]


def read_revision(connection: Connection) -> str:
    """The revision of a database that this version knows; EMPTY for one with nothing in it.

    Raises SettingsError for a database of a newer version, for one that is none of ours, and for a damaged one.
    """
    try:
        revision = _read_revision(connection)
    except (DatabaseError, sqlite3.DatabaseError) as exc:
        raise damaged(_name(connection), exc) from exc
    known = list_revisions()
    if revision != EMPTY and revision not in known:
        raise SettingsError(
            f"The database {_name(connection)} was used by a newer version of Cloister: its schema is {revision}, and "
            f"this version knows up to {known[-1]}. Nothing was changed. Install the newer version again; to go back "
            f"to this one, run `cloister downgrade {known[-1]}` there first, or restore a backup from before."
        )
    return revision


def _read_revision(connection: Connection) -> str:
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        revisions = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if len(revisions) == 1:
            return str(revisions[0])
    # Others may have tables in the same Postgres database; a file of SQLite is ours alone.
    ours = tables if connection.dialect.name == "sqlite" else tables & {table.name for table in list_tables()}
    if ours:
        raise SettingsError(
            f"The database {_name(connection)} holds tables, but does not say which version of Cloister made them. "
            "Nothing was changed. Name another one in database.url or CLOISTER_DATA_DIR, or restore a backup into an "
            "empty data folder."
        )
    return EMPTY


def damaged(name: str, exc: Exception) -> SettingsError:
    """What to say of a database that cannot be read. Of the error only its first line: the rest may quote rows."""
    reason = str(getattr(exc, "orig", None) or exc).splitlines()[0]
    return SettingsError(
        f"The database {name} cannot be read ({reason}). Nothing was changed. Move the data folder away and restore a "
        "backup into an empty one with `cloister restore`; keep what was moved away until that is done."
    )


def _name(connection: Connection) -> str:
    return connection.engine.url.render_as_string(hide_password=True)
