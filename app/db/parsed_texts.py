"""Parsed texts of documents, which all offsets refer to, and the pages that they stand on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlmodel import Session, col, func, select

from app.db.packing import read_page, unpack, unpack_pages
from app.db.tables import DocumentRow, TextRow, VersionRow
from app.domain import Page


def count_characters(session: Session, knowledge_base_id: str) -> int:
    """Of the texts of all searchable documents of a knowledge base."""
    query = (
        select(func.coalesce(func.sum(func.length(TextRow.text)), 0))
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.knowledge_base_id == knowledge_base_id)
    )
    return int(session.exec(query).one())


def get_text(session: Session, version_id: str) -> str:
    """The parsed text that all offsets refer to."""
    return session.exec(
        select(TextRow.text).join(VersionRow, col(VersionRow.text_id) == TextRow.id).where(VersionRow.id == version_id)
    ).one()


def find_text(session: Session, document_id: str) -> str | None:
    """The text of a searchable document; None for an unknown one."""
    query = (
        select(TextRow.text)
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.id == document_id)
    )
    return session.exec(query).first()


def read_span(session: Session, text_id: str, start: int, end: int) -> str:
    """A part of a parsed text; shorter where the text ends before, or is gone."""
    return (
        session.exec(select(func.substr(TextRow.text, start + 1, end - start)).where(TextRow.id == text_id)).first()
        or ""
    )


def measure_text(session: Session, version_id: str) -> tuple[str, int]:
    """The id of a version's text, for `read_span`, and how many characters it has."""
    row = session.exec(
        select(TextRow.id, func.length(TextRow.text))
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .where(VersionRow.id == version_id)
    ).one()
    return row[0], int(row[1])


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where a page stands in its document's text, and its size in points; 0 where that is not known."""

    number: int
    start: int
    end: int
    width: float
    height: float


def page_spans(session: Session, version_id: str) -> list[PageSpan]:
    """The pages of a version in order, without their lines; none for a format without pages."""
    packed = session.exec(
        select(TextRow.pages).join(VersionRow, col(VersionRow.text_id) == TextRow.id).where(VersionRow.id == version_id)
    ).first()
    pages = unpack(packed)["pages"] if packed else []
    return [PageSpan(**{each.name: page[each.name] for each in fields(PageSpan)}) for page in pages]


def load_pages(session: Session, version_id: str) -> tuple[Page, ...]:
    """The pages of a version with the rectangles of their lines; none for a format without pages."""
    version = session.get_one(VersionRow, version_id)
    text = session.get(TextRow, version.text_id) if version.text_id else None
    return unpack_pages(text.pages) if text else ()


def load_pages_around(session: Session, document_id: str, spans: Sequence[tuple[int, int]]) -> tuple[Page, ...]:
    """The pages, in order, on which any of these spans of the searchable document's text stands.

    None for an unknown document and for formats without pages. The text itself is not read.
    """
    packed = session.exec(
        select(TextRow.pages)
        .join(VersionRow, col(VersionRow.text_id) == TextRow.id)
        .join(DocumentRow, col(DocumentRow.active_version_id) == VersionRow.id)
        .where(DocumentRow.id == document_id)
    ).first()
    pages = unpack(packed)["pages"] if packed else []
    return tuple(
        read_page(page) for page in pages if any(start < page["end"] and page["start"] < end for start, end in spans)
    )
