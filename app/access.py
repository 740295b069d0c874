"""What one person may read and do. The only place that makes a search filter for somebody's search."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain import MemberRole, SearchFilter
from app.errors import Forbidden, NotFound

LOCAL_PERSON_ID = "local"


@dataclass(frozen=True, slots=True)
class ReadableKnowledgeBase:
    """A knowledge base that a person may read, the generation that answers for it now, and what embedded it.

    `role`: what else the person may do there.
    """

    id: str
    name: str
    generation_id: str
    embedding_model_id: str
    role: MemberRole


@dataclass(frozen=True, slots=True)
class KeyBounds:
    """How much less a key opens than its person may. `knowledge_base_ids`: the only ones, None for all of them; an
    empty set opens none. `role`: the most that it may do anywhere, None for all that its person may.
    """

    knowledge_base_ids: frozenset[str] | None = None
    role: MemberRole | None = None

    @property
    def is_any(self) -> bool:
        """Whether the key is bounded at all."""
        return self.knowledge_base_ids is not None or self.role is not None


UNBOUNDED = KeyBounds()


@dataclass(frozen=True, slots=True)
class Access:
    """One person's rights at one moment. Has no default on purpose."""

    person_id: str
    readable: Mapping[str, ReadableKnowledgeBase]
    """By knowledge base name."""
    # Lists ask for each of their rows: looking through a thousand knowledge bases every time would be felt.
    _by_id: Mapping[str, ReadableKnowledgeBase] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {base.id: base for base in self.readable.values()})

    def narrowed_to(self, names: Sequence[str]) -> "Access":
        """Only the named knowledge bases; no names keeps all. Raises NotFound for an unreadable one."""
        if not names:
            return self
        for name in names:
            if name not in self.readable:
                raise NotFound(f"There is no knowledge base “{name}” that you may read.")
        return Access(self.person_id, {name: self.readable[name] for name in names})

    def within(self, knowledge_base_ids: Collection[str]) -> "Access":
        """Those of the given knowledge bases that the person may read, and no other; no ids keeps all."""
        if not knowledge_base_ids:
            return self
        kept = {name: base for name, base in self.readable.items() if base.id in knowledge_base_ids}
        return Access(self.person_id, kept)

    def bounded_by(self, bounds: KeyBounds) -> "Access":
        """What is left of these rights within a key's bounds: never more than there was."""
        ids = bounds.knowledge_base_ids
        return Access(
            self.person_id,
            {
                name: replace(base, role=base.role.at_most(bounds.role) if bounds.role else base.role)
                for name, base in self.readable.items()
                if ids is None or base.id in ids
            },
        )

    def search_filter(self, document_ids: frozenset[str] | None = None) -> SearchFilter:
        """The filter that lets exactly the readable generations through, of these only the given documents."""
        return SearchFilter(frozenset(base.generation_id for base in self.readable.values()), document_ids)

    def may_read(self, knowledge_base_id: str) -> bool:
        """Whether documents of this knowledge base may be shown to the person."""
        return self.find(knowledge_base_id) is not None

    def find(self, knowledge_base_id: str) -> ReadableKnowledgeBase | None:
        """The readable knowledge base with this id."""
        return self._by_id.get(knowledge_base_id)

    def may(self, knowledge_base_id: str, role: MemberRole) -> bool:
        """Whether the person has at least this role there."""
        base = self.find(knowledge_base_id)
        return base is not None and base.role.covers(role)

    def with_role(self, role: MemberRole) -> list[ReadableKnowledgeBase]:
        """The knowledge bases where the person has at least this role, by name."""
        return sorted((base for base in self.readable.values() if base.role.covers(role)), key=lambda base: base.name)

    def require(self, knowledge_base_id: str, role: MemberRole) -> ReadableKnowledgeBase:
        """The knowledge base, if the person has at least this role there.

        Raises NotFound where the person may not even read it, Forbidden where the role does not reach.
        """
        base = self.find(knowledge_base_id)
        if base is None:
            raise NotFound("There is no such knowledge base, or you may not read it.")
        if not base.role.covers(role):
            raise Forbidden(f"This needs the role “{role}” in the knowledge base “{base.name}”; an admin can give it.")
        return base


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request, and their rights. `is_local`: the command line of this machine.

    `is_bounded`: a key that opens less than its person may. It is no admin of the service, and reads nothing that is
    its person's own: conversations quote documents of every knowledge base.
    """

    id: str
    name: str
    is_admin: bool
    access: Access
    is_local: bool = False
    is_bounded: bool = False

    def bounded_by(self, bounds: KeyBounds) -> "Caller":
        """The same person, as a key with these bounds lets them in."""
        if not bounds.is_any:
            return self
        return replace(self, is_admin=False, access=self.access.bounded_by(bounds), is_bounded=True)

    def require_admin(self) -> None:
        """Raises Forbidden for whoever is no admin of the whole service."""
        if not self.is_admin:
            raise Forbidden("Only an admin may do this.")

    def require_self_or_admin(self, person_id: str) -> None:
        """Raises Forbidden for whoever is neither this person nor an admin of the whole service."""
        self.require_unbounded()
        if self.id != person_id:
            self.require_admin()

    def require_unbounded(self) -> None:
        """Raises Forbidden for a key that opens less than its person may: this is the person's own."""
        if self.is_bounded:
            raise Forbidden(
                "This key is limited, and opens none of its person's own things, such as conversations and keys. "
                "Use a key without limits, or sign in."
            )
