"""Questions whose evidence is known: a quote of a document, which outlives every way of chunking it."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, delete, func, select, update

from app.db.ids import name_id
from app.db.lab_tables import QuestionRow
from app.db.session import save_rows
from app.db.tables import DocumentRow
from app.domain import AskedQuestion, QuestionOrigin


def put(session: Session, knowledge_base_id: str, questions: Sequence[AskedQuestion], *, created_by: str) -> list[str]:
    """Keep questions; one that is asked in the same words is replaced. Returns their ids."""
    rows = [
        QuestionRow(
            id=name_id("question", knowledge_base_id, each.text),
            knowledge_base_id=knowledge_base_id,
            document_id=each.document_id,
            text=each.text,
            quote=each.quote,
            origin=each.origin,
            is_approved=each.is_approved,
            created_by=created_by,
        ).model_dump()
        for each in questions
    ]
    save_rows(session, QuestionRow, rows)
    return [row["id"] for row in rows]


def list_of(session: Session, knowledge_base_id: str) -> list[AskedQuestion]:
    """The questions of a knowledge base about documents that can be searched, by their words."""
    rows = session.execute(
        select(QuestionRow, DocumentRow.name)
        .join(DocumentRow, col(DocumentRow.id) == QuestionRow.document_id)
        .where(QuestionRow.knowledge_base_id == knowledge_base_id, col(DocumentRow.active_version_id).is_not(None))
        .order_by(QuestionRow.text)
    )
    return [
        AskedQuestion(row.text, row.document_id, row.quote, row.id, name, QuestionOrigin(row.origin), row.is_approved)
        for row, name in rows
    ]


def count(session: Session, knowledge_base_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """How many questions there are about documents that can be searched, and how many of them are approved.

    By knowledge base; one without any is left out.
    """
    rows = session.execute(
        select(QuestionRow.knowledge_base_id, func.count(), func.count().filter(col(QuestionRow.is_approved)))
        .join(DocumentRow, col(DocumentRow.id) == QuestionRow.document_id)
        .where(
            col(QuestionRow.knowledge_base_id).in_(knowledge_base_ids), col(DocumentRow.active_version_id).is_not(None)
        )
        .group_by(QuestionRow.knowledge_base_id)
    )
    return {id: (total, approved) for id, total, approved in rows}


def approve(session: Session, knowledge_base_id: str, ids: Sequence[str]) -> None:
    """Let proposed questions measure."""
    chosen = (col(QuestionRow.knowledge_base_id) == knowledge_base_id, col(QuestionRow.id).in_(ids))
    session.execute(update(QuestionRow).where(*chosen).values(is_approved=True))


def remove(session: Session, knowledge_base_id: str, id: str) -> None:
    """Forget a question; an unknown one is no error."""
    of_base = (col(QuestionRow.id) == id, col(QuestionRow.knowledge_base_id) == knowledge_base_id)
    session.execute(delete(QuestionRow).where(*of_base))
