"""What one person may read. The only place that makes a search filter for somebody's search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain import SearchFilter
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class ReadableKnowledgeBase:
    """A knowledge base that a person may read, the generation that answers for it now, and what embedded it."""

    id: str
    name: str
    generation_id: str
    embedding_model_id: str


@dataclass(frozen=True, slots=True)
class Access:
    """One person's reading rights at one moment. Has no default on purpose."""

    person_id: str
    readable: Mapping[str, ReadableKnowledgeBase]
    """By knowledge base name."""

    def narrowed_to(self, names: Sequence[str]) -> "Access":
        """Only the named knowledge bases; no names keeps all. Raises NotFound for an unreadable one."""
        if not names:
            return self
        for name in names:
            if name not in self.readable:
                raise NotFound(f"There is no knowledge base “{name}” that you may read.")
        return Access(self.person_id, {name: self.readable[name] for name in names})

    def search_filter(self, document_ids: frozenset[str] | None = None) -> SearchFilter:
        """The filter that lets exactly the readable generations through, of these only the given documents."""
        return SearchFilter(frozenset(base.generation_id for base in self.readable.values()), document_ids)

    def may_read(self, knowledge_base_id: str) -> bool:
        """Whether documents of this knowledge base may be shown to the person."""
        return any(base.id == knowledge_base_id for base in self.readable.values())
