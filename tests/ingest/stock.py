"""What lies in the stores, counted from outside, and whether the parts agree."""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from app.db import documents
from app.db.tables import ChunkRow, DocumentRow, JobRow, TextRow, VersionRow
from app.domain import JobState
from app.services import Services


@dataclass(frozen=True, eq=False)
class Stock:
    """Counts of everything that a document leaves behind."""

    documents: int
    versions: int
    chunks: int
    points: int
    files: int
    texts: int | None = None
    """Where texts are not the point of a test, each version is taken to have its own or to share one."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stock):
            return NotImplemented
        mine, others = vars(self), vars(other)
        return all(mine[key] == others[key] for key in mine if None not in (mine[key], others[key]))


def take_stock(services: Services) -> Stock:
    """Count everything. Raises AssertionError where the parts do not agree."""
    with services.database.read() as session:
        stock = Stock(
            documents=_count(session, DocumentRow),
            versions=_count(session, VersionRow),
            chunks=_count(session, ChunkRow),
            points=services.index.get().count(),
            files=len(set(services.files.hashes())),
            texts=_count(session, TextRow),
        )
        needed = documents.all_files(session)
        texts = set(session.exec(select(TextRow.id)))
        texts_of_versions = set(session.exec(select(VersionRow.text_id)))
        active = session.exec(select(DocumentRow.active_version_id)).all()
        open_jobs = session.exec(select(JobRow).where(col(JobRow.state).in_([JobState.QUEUED, JobState.RUNNING]))).all()
    assert stock.documents == stock.versions == len(set(active) - {None}), "each document has one version that answers"
    assert stock.points == stock.chunks, "each chunk is in the index, and nothing else is"
    assert needed == set(services.files.hashes()), "each version has its file, and there is no other"
    assert texts == texts_of_versions, "each version has its text, and there is no other"
    assert not open_jobs, "no job is left open"
    return stock


def _count(session: Session, table: type) -> int:
    return session.exec(select(func.count()).select_from(table)).one()
