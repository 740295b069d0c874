"""How often something was changed that every process keeps in memory.

Whoever changes it says so in the same transaction; a process that knows a lower number looks anew.
"""

from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, select

from app.db.serving_tables import Revision


class Topic(StrEnum):
    """What processes keep in memory of what admins change."""

    GENERATOR = "generator"
    """The language model that was chosen in the browser."""
    OFFERED = "offered models"
    HOSTS = "hosts"
    """What admins added to the list of what may be connected to."""


def bump(session: Session, *topics: Topic) -> None:
    """Say that these were changed, once this transaction is committed."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    # In one order, so that two who change the same things do not wait for each other for ever.
    for topic in sorted(topics):
        first = insert(Revision).values(topic=topic, number=1)
        further = first.on_conflict_do_update(index_elements=["topic"], set_={"number": Revision.number + 1})
        session.execute(further)


def read_all(session: Session) -> dict[str, int]:
    """The number of each topic that was ever changed."""
    return {row.topic: row.number for row in session.exec(select(Revision))}
