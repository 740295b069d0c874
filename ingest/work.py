"""One document at hand: what a job asks for, and where it goes."""

import time
from dataclasses import dataclass, replace

from app.db import generations, job_items, knowledge_bases
from app.db.sealing import SealedText
from app.db.session import Database
from app.domain import JobItem, KnowledgeBase
from ingest.flagging import Brought
from ingest.progress import ProgressNote


@dataclass(frozen=True, slots=True)
class Work:
    """`rechunks`: it is in already, and cut anew for the generation that `base` names.

    `is_again`: it is read even if this content is in. `requested_by`: whose job brings it.
    """

    item: JobItem
    base: KnowledgeBase
    password: SealedText | None
    progress: ProgressNote
    started: float
    rechunks: bool
    is_again: bool
    requested_by: str

    def seconds(self) -> float:
        """How long it has taken so far."""
        return round(time.monotonic() - self.started, 3)

    def brought(self, document_id: str, added_by: str) -> Brought:
        """The document as whoever looks for flags needs to know it."""
        return Brought(document_id, self.item.location, added_by, self.base.id, self.base.generation_id)


def get_work(item_id: str, database: Database) -> Work:
    """The document of this item of a job. Its time begins now."""
    with database.read() as session:
        order = job_items.get_order(session, item_id)
        base = knowledge_bases.get(session, order.knowledge_base_id)
        if order.generation_id:
            generation = generations.get(session, order.generation_id)
            base = replace(base, generation_id=generation.id, profile=generation.profile)
    progress = ProgressNote(order.item, database)
    return Work(
        item=order.item,
        base=base,
        password=order.password,
        progress=progress,
        started=time.monotonic(),
        rechunks=order.generation_id is not None,
        is_again=order.is_again,
        requested_by=order.requested_by,
    )
