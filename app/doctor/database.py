"""The database: what it is, whether it keeps our time, and whether its clock goes as ours does."""

from collections.abc import Iterator
from typing import Final

from app.db.server_facts import ask_server
from app.doctor.findings import Finding, Status
from app.services import Services

# Sessions, locks and schedules compare moments of both.
MOST_SKEW_S: Final = 5.0
OLDEST_POSTGRES: Final = 14


def examine_database(services: Services) -> Iterator[Finding]:
    """The findings about it. Raises SQLAlchemyError where it does not answer."""
    facts = ask_server(services.database)
    if facts.kind != "postgresql":
        yield Finding("Database", Status.OK, f"SQLite {facts.version}, in the data folder")
        return
    said = f"Postgres {facts.version}, time zone {facts.time_zone}, {facts.skew_s:+.1f} s off this machine's clock"
    if int(facts.version.partition(".")[0].split()[0]) < OLDEST_POSTGRES:
        yield Finding(
            "Database", Status.NOTE, said, f"Use Postgres {OLDEST_POSTGRES} or newer; older ones are not tried."
        )
    elif abs(facts.skew_s) > MOST_SKEW_S:
        advice = "Set both clocks by the same time server: sessions, locks and schedules go by them."
        yield Finding("Database", Status.NOTE, said, advice)
    else:
        yield Finding("Database", Status.OK, said)
