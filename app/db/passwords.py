"""The passwords of protected documents as they are kept: sealed. Those of people are hashes, and stand elsewhere."""

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, not_, select

from app.db.sealing import MARK, Seal
from app.db.tables import JobRow, VersionRow


def seal_plain(session: Session, seal: Seal) -> int:
    """Seal what was kept as it was typed, as it was until now; returns how many there were."""
    versions = session.exec(select(VersionRow).where(_is_plain(VersionRow.password))).all()
    jobs = session.exec(select(JobRow).where(_is_plain(JobRow.password))).all()
    rows: list[VersionRow | JobRow] = [*versions, *jobs]
    for row in rows:
        row.password = seal.close_text(row.password or "")
        session.add(row)
    return len(rows)


def _is_plain(password: str | None) -> ColumnElement[bool]:
    return and_(col(password).is_not(None), not_(col(password).startswith(MARK, autoescape=True)))
