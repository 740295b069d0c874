"""Questions whose evidence is known: a quote of a document, which outlives every way of chunking it."""

from collections.abc import Sequence

from sqlmodel import Session, col, delete, select, update

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


def approve(session: Session, knowledge_base_id: str, ids: Sequence[str]) -> None:
    """Let proposed questions measure."""
    chosen = (col(QuestionRow.knowledge_base_id) == knowledge_base_id, col(QuestionRow.id).in_(ids))
    session.execute(update(QuestionRow).where(*chosen).values(is_approved=True))


def remove(session: Session, knowledge_base_id: str, id: str) -> None:
    """Forget a question; an unknown one is no error."""
    of_base = (col(QuestionRow.id) == id, col(QuestionRow.knowledge_base_id) == knowledge_base_id)
    session.execute(delete(QuestionRow).where(*of_base))
