"""Who put what into a knowledge base, with the names that people have now."""

from typing import Any

from sqlmodel import col

from app.access import LOCAL_PERSON_ID
from app.db.people_tables import Person
from app.db.tables import DocumentRow, VersionRow
from app.domain import Added, AddedHow
from app.domain.urls import host_of, web_address

BY_PERSON = col(Person.id) == VersionRow.added_by
"""What joins the person, who may be gone, to a version."""

COLUMNS: tuple[Any, ...] = (
    VersionRow.added_by,
    col(VersionRow.created_at).label("added_at"),
    col(Person.name).label("adder"),
    DocumentRow.location,
)


def read_added(row: Any) -> Added:
    """What a row with these columns tells. Of a page of a site, the site: nobody present wrote it."""
    if url := web_address(row.location):
        return Added(row.added_at, AddedHow.SITE, host_of(url))
    if row.added_by == LOCAL_PERSON_ID:
        return Added(row.added_at, AddedHow.MACHINE)
    if not row.added_by:
        return Added(row.added_at, AddedHow.UNKNOWN)
    return Added(row.added_at, AddedHow.PERSON if row.adder else AddedHow.LEFT, row.adder or "")
