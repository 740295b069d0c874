"""The names behind people's ids."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from app.db.people_tables import Person


def name_people(session: Session, ids: Collection[str]) -> dict[str, str]:
    """By id, the names of those who are (still) people of this service."""
    return dict(session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids))).all())
