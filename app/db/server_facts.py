"""What a database says of itself."""

from dataclasses import dataclass

from sqlalchemy import text

from app.db.columns import utc_now
from app.db.session import Database


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`kind`: sqlite or postgresql. `skew_s`: how far its clock is ahead of ours, 0 for SQLite, which has none."""

    kind: str
    version: str
    time_zone: str = ""
    skew_s: float = 0.0


def ask_server(database: Database) -> ServerFacts:
    """Raises SQLAlchemyError where it does not answer."""
    kind = database.engine.dialect.name
    with database.read() as session:
        if kind != "postgresql":
            return ServerFacts(kind, str(session.execute(text("select sqlite_version()")).scalar_one()))
        version = str(session.execute(text("show server_version")).scalar_one())
        zone = str(session.execute(text("show timezone")).scalar_one())
        before = utc_now()
        theirs = session.execute(text("select clock_timestamp()")).scalar_one()
        middle = before + (utc_now() - before) / 2
    return ServerFacts(kind, version, zone, (theirs - middle).total_seconds())
