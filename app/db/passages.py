"""Passages: parts of documents' texts with all that is needed to show and cite them, as somebody may read them now.

A chunk counts while it belongs to its document's active version (not to one on its way in or out) and to the
generation that answers for its knowledge base.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlmodel import Session, col, func, select

from app.db.flags import FLAG_COLUMNS, read_reasons
from app.db.people_tables import Person
from app.db.provenance import BY_PERSON, COLUMNS, read_added
from app.db.tables import ChunkRow, DocumentRow, EmbeddingRow, KnowledgeBaseRow, TextRow, VersionRow
from app.domain import Hit, Passage
from app.domain.urls import web_address
from app.ports import Vectors

Place = tuple[str, int, int]
"""(document id, start, end)"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A found chunk as a passage of its own, and where it stands: the `ordinal`-th chunk of a document's text."""

    passage: Passage
    ordinal: int
    text_id: str


def load_candidates(session: Session, hits: Sequence[Hit], question: Vectors, *, model_id: str) -> list[Candidate]:
    """Hits with their text and their cosine with the question's vector, in the hits' order, ranked from 1.

    Another generation may have begun to answer since the search; a chunk's id tells in which one it is.

    The cosine is that of the chunk's own vector, which knows nothing of its neighbours. A hit whose chunk does not
    count any more is left out.
    """
    ids = [hit.chunk_id for hit in hits]
    # Not joined: SQLite would begin with all vectors of the model, which took 0.6 s with 100,000 of them. And not in a
    # statement of its own: each row that SQLite gives is a turn that other threads may take.
    vector = select(EmbeddingRow.vector).where(
        EmbeddingRow.model_id == model_id, EmbeddingRow.text_hash == ChunkRow.text_hash
    )
    rows = session.execute(
        _select_of_versions(vector.scalar_subquery().label("vector")).where(col(ChunkRow.chunk_id).in_(ids))
    )
    found = {row.chunk_id: row for row in rows.all() if row.vector is not None}
    visible = [(hit, found[hit.chunk_id]) for hit in hits if hit.chunk_id in found]
    return [
        Candidate(
            replace(
                _passage(row),
                rank=rank,
                score=hit.score,
                similarity=float(np.frombuffer(row.vector, dtype=np.float32) @ question),
            ),
            row.ordinal,
            row.text_id,
        )
        for rank, (hit, row) in enumerate(visible, start=1)
    ]


def find_table_passage(session: Session, document_id: str, first_column: str) -> Passage | None:
    """The first passage of a document that shows the header of a table, else the document's first one."""
    query = _select_chunks().where(ChunkRow.document_id == document_id).order_by(col(ChunkRow.ordinal)).limit(1)
    shows_header = col(ChunkRow.text).contains(f"| {first_column} |", autoescape=True)
    row = session.execute(query.where(shows_header)).first() or session.execute(query).first()
    return _passage(row) if row else None


def load_spans(session: Session, places: Collection[Place], knowledge_base_ids: Sequence[str]) -> dict[Place, Passage]:
    """The passages at these places of documents in these knowledge bases; a span may reach over several chunks.

    What is not there, or in another knowledge base, is left out. Rank, score and similarity mean nothing.
    """
    found = {place: _find_span(session, place, knowledge_base_ids) for place in places}
    return {place: passage for place, passage in found.items() if passage}


def _find_span(session: Session, place: Place, knowledge_base_ids: Sequence[str]) -> Passage | None:
    """The span's text as it stands in the document; the chunk in which it begins tells its headings."""
    document_id, start, end = place
    row: Any = session.execute(
        _select_chunks(func.substr(TextRow.text, start + 1, end - start).label("span"))
        .join(TextRow, col(TextRow.id) == VersionRow.text_id)
        .where(
            ChunkRow.document_id == document_id,
            ChunkRow.start_char <= start,
            col(DocumentRow.knowledge_base_id).in_(knowledge_base_ids),
        )
        .order_by(col(ChunkRow.start_char).desc())
        .limit(1)
    ).first()
    if not row or len(row.span) != end - start:
        return None
    first = _passage(row)
    return replace(first, start=start, end=end, text=row.span, page=first.page_at(start))


def find_nth(session: Session, generation_id: str, n: int, *, fewest_tokens: int) -> Passage | None:
    """The n-th chunk of a generation in an order by chance that stays the same; short ones are passed over."""
    long_enough = (ChunkRow.generation_id == generation_id, col(ChunkRow.tokens) >= fewest_tokens)
    query = _select_of_versions().where(*long_enough).order_by(ChunkRow.chunk_id).offset(n).limit(1)
    row = session.execute(query).first()
    return _passage(row) if row else None


def _select_chunks(*more: Any) -> Any:
    """The chunks that count: of the generations that answer now."""
    return _select_of_versions(*more).join(
        KnowledgeBaseRow,
        (col(KnowledgeBaseRow.id) == DocumentRow.knowledge_base_id)
        & (col(KnowledgeBaseRow.active_generation_id) == ChunkRow.generation_id),
    )


def _select_of_versions(*more: Any) -> Any:
    """Chunks of versions that answer, in any generation, as columns: three objects for each hit cost 1 ms of 14."""
    return (
        select(*_PASSAGE_COLUMNS, *more)
        # By ids first, which have an index: what is active is only compared.
        .join(
            DocumentRow,
            (col(DocumentRow.id) == ChunkRow.document_id) & (col(DocumentRow.active_version_id) == ChunkRow.version_id),
        )
        .join(VersionRow, col(VersionRow.id) == ChunkRow.version_id)
        .outerjoin(Person, BY_PERSON)
    )


_PASSAGE_COLUMNS = (
    ChunkRow.chunk_id,
    ChunkRow.ordinal,
    ChunkRow.document_id,
    ChunkRow.headings,
    ChunkRow.first_page,
    ChunkRow.last_page,
    ChunkRow.page_breaks,
    ChunkRow.start_char,
    ChunkRow.end_char,
    ChunkRow.text,
    ChunkRow.table_header,
    ChunkRow.text_hash,
    DocumentRow.name,
    *COLUMNS,
    *FLAG_COLUMNS,
    VersionRow.media_type,
    VersionRow.language,
    VersionRow.title,
    VersionRow.text_id,
)


def _passage(row: Any) -> Passage:
    return Passage(
        rank=1,
        score=0.0,
        similarity=0.0,
        chunk_id=row.chunk_id,
        document_id=row.document_id,
        document=row.name,
        media_type=row.media_type,
        language=row.language,
        title=row.title,
        headings=tuple(json.loads(row.headings)),
        page=row.first_page,
        last_page=row.last_page,
        start=row.start_char,
        end=row.end_char,
        text=row.text,
        url=web_address(row.location),
        table_header=row.table_header,
        page_breaks=tuple((page, start) for page, start in json.loads(row.page_breaks)),
        added=read_added(row),
        flags=read_reasons(row),
    )
