"""A deed's line in the audit log."""

from app.access import Caller, ReadableKnowledgeBase
from app.db import audit
from app.domain import Deed, KnowledgeBase
from app.services import Services


def note(
    services: Services,
    caller: Caller,
    deed: Deed,
    *,
    base: ReadableKnowledgeBase | KnowledgeBase | None = None,
    subject_id: str = "",
    subject: str = "",
    detail: str = "",
) -> None:
    """Write down what the caller did. `subject` is a name; without one, the knowledge base's."""
    with services.database.write() as session:
        audit.record(
            session,
            deed,
            person_id=caller.id,
            person=caller.name,
            knowledge_base_id=base.id if base else None,
            subject_id=subject_id or (base.id if base else ""),
            subject=subject or (base.name if base else ""),
            detail=detail,
        )
