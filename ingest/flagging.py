"""Flagging: look at a document on its way in, and write down why somebody should look at it too.

A flag blocks nothing. It is written in the transaction that makes its version answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.db import flags, versions
from app.db.columns import utc_now
from app.db.embeddings import find_vectors
from app.db.ids import text_hash
from app.db.near_copies import Neighbour, list_brought_by
from app.db.session import Database
from app.domain import Chunk, FlagPlace, FlagReason, FoundFlag, ParsedDocument, SearchFilter, SparseVector
from app.domain.urls import web_address
from app.ports import VectorIndex, Vectors
from ingest.flags.characters import find_characters
from ingest.flags.near_copies import (
    DAYS,
    LEAST_FOUND_COSINE,
    LEAST_OTHERS,
    MOST_NEIGHBOURS,
    Flagged,
    choose_parts,
    find_copies,
)
from ingest.flags.speaking import Reads, find_speaking

_NO_WORDS = SparseVector((), ())


@dataclass(frozen=True, slots=True)
class Looked:
    """What a version is flagged for, and which versions before it are flagged for it."""

    found: tuple[FoundFlag, ...] = ()
    others: tuple[Flagged, ...] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """Who brought which document, to which generation of which knowledge base."""

    document_id: str
    location: str
    added_by: str
    knowledge_base_id: str
    generation_id: str


def look_at_text(parsed: ParsedDocument, reads_like_instructions: Reads) -> list[FoundFlag]:
    """What the text alone tells. The longest texts take a second or two of Python."""
    speaking = find_speaking(parsed.text, parsed.pages, reads_like_instructions)
    hidden = [FlagPlace(each.page, each.start, each.end, each.how) for each in parsed.hidden]
    hidden += find_characters(parsed.text, parsed.pages)
    found = {FlagReason.INSTRUCTIONS: speaking, FlagReason.HIDDEN_TEXT: sorted(hidden, key=lambda each: each.start)}
    return [FoundFlag(reason, tuple(places)) for reason, places in found.items() if places]


@dataclass(frozen=True, slots=True)
class Flagging:
    """Looks at documents. `reads_like_instructions`: the rules by which passages are marked in answers."""

    database: Database
    index: VectorIndex
    model_id: str
    reads_like_instructions: Callable[[str], bool]

    def look_at_text(self, parsed: ParsedDocument) -> list[FoundFlag]:
        """What the text alone tells. It is Python that computes: one document at a time."""
        return look_at_text(parsed, self.reads_like_instructions)

    def look(self, found: Sequence[FoundFlag], chunks: Sequence[Chunk], brought: Brought) -> Looked:
        """What the text told, and whether the document is one of many copies. Its vectors are in the cache.

        Raises EngineUnavailable.
        """
        copies, others = self._look_for_copies(chunks, brought)
        return Looked((*found, copies) if copies else tuple(found), tuple(others))

    def _look_for_copies(self, chunks: Sequence[Chunk], brought: Brought) -> tuple[FoundFlag | None, Sequence[Flagged]]:
        if not brought.added_by or web_address(brought.location):
            return None, []
        hashes = [text_hash(chunk.full_text) for chunk in chunks]
        with self.database.read() as session:
            vectors = find_vectors(session, self.model_id, hashes)
        known = [(chunk, vectors[hash_]) for chunk, hash_ in zip(chunks, hashes, strict=True) if hash_ in vectors]
        parts = choose_parts([chunk for chunk, _ in known], [vector for _, vector in known])
        return find_copies(parts, lambda vector: self._neighbours(vector, brought))

    def _neighbours(self, vector: Vectors, brought: Brought) -> list[Neighbour]:
        within = SearchFilter(frozenset({brought.generation_id}))
        hits = self.index.search(vector, _NO_WORDS, filter=within, limit=MOST_NEIGHBOURS).by_meaning
        near = [hit for hit in hits if hit.score >= LEAST_FOUND_COSINE and hit.document_id != brought.document_id]
        if len({hit.document_id for hit in near}) < LEAST_OTHERS:
            return []
        with self.database.read() as session:
            return list_brought_by(
                session,
                [hit.chunk_id for hit in near],
                generation_id=brought.generation_id,
                model_id=self.model_id,
                added_by=brought.added_by,
                since=utc_now() - timedelta(days=DAYS),
                besides=brought.document_id,
            )


def write_flags(session: Any, looked: Looked, brought: Brought, version_id: str) -> None:
    """Write down what was noticed. What is gone since it was looked at is left out."""
    flags.put_new(
        session,
        looked.found,
        knowledge_base_id=brought.knowledge_base_id,
        document_id=brought.document_id,
        version_id=version_id,
    )
    there = versions.list_there(session, [each.version_id for each in looked.others])
    for other in looked.others:
        if other.version_id in there:
            flags.put_new(
                session,
                [other.flag],
                knowledge_base_id=brought.knowledge_base_id,
                document_id=other.document_id,
                version_id=other.version_id,
            )
