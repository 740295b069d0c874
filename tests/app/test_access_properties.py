"""Whoever somebody is, whatever groups, roles, generations and keys there are: a search sees exactly what they may
read, and nothing that is done to rights makes them more.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlmodel import Session, SQLModel

from app.access import Access, KeyBounds, ReadableKnowledgeBase
from app.db import api_keys, people
from app.db.columns import utc_now
from app.db.people_tables import GroupMember, GroupMembership, GroupRow, Membership, Person
from app.db.tables import Generation, KnowledgeBaseRow
from app.domain import IndexedChunk, MemberRole, SearchFilter, SparseVector
from app.engines.vector_index.edge import EdgeIndex
from app.errors import NotFound

BASES = tuple("ABCD")
GENERATIONS = ("kept", "active", "trial")
ROLES = st.sampled_from(MemberRole)
SOME_BASES = st.frozensets(st.sampled_from(BASES))
RANK = {role: n for n, role in enumerate(MemberRole)}


@dataclass(frozen=True)
class House:
    """Everything that decides what one person may read. `groups`: whether the person is in it, and its roles."""

    is_admin: bool
    own: dict[str, MemberRole]
    groups: list[tuple[bool, dict[str, MemberRole]]]
    active: dict[str, str]
    deleted: frozenset[str]
    key_bases: frozenset[str] | None
    key_role: MemberRole | None

    def roles(self) -> dict[str, MemberRole]:
        """What the person may do, said once more and in another way than the service says it."""
        held: dict[str, list[MemberRole]] = {base: [MemberRole.ADMIN] * self.is_admin for base in BASES}
        for base, role in self.own.items():
            held[base].append(role)
        for is_in, roles in self.groups:
            for base, role in roles.items():
                held[base] += [role] * is_in
        return {
            base: max(roles, key=RANK.__getitem__) for base, roles in held.items() if roles and base not in self.deleted
        }

    def roles_by_key(self) -> dict[str, MemberRole]:
        """What a key with these bounds may do."""
        return {
            base: min(role, self.key_role or role, key=RANK.__getitem__)
            for base, role in self.roles().items()
            if self.key_bases is None or base in self.key_bases
        }


ROLE_BY_BASE = st.dictionaries(st.sampled_from(BASES), ROLES)
HOUSES = st.builds(
    House,
    is_admin=st.booleans(),
    own=ROLE_BY_BASE,
    groups=st.lists(st.tuples(st.booleans(), ROLE_BY_BASE), max_size=3),
    active=st.fixed_dictionaries({base: st.sampled_from(GENERATIONS) for base in BASES}),
    deleted=SOME_BASES,
    key_bases=st.none() | SOME_BASES,
    key_role=st.none() | ROLES,
)
NOBODY = House(
    False,
    {},
    [(False, dict.fromkeys(BASES, MemberRole.ADMIN))],
    dict.fromkeys(BASES, "active"),
    frozenset(),
    None,
    None,
)
IN_ALL = House(True, {}, [], dict.fromkeys(BASES, "trial"), frozenset("D"), frozenset("AD"), MemberRole.READER)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeIndex]:
    """The real Qdrant Edge with two points in each of the generations of all knowledge bases."""
    folder: Path = tmp_path_factory.mktemp("index")
    opened = EdgeIndex(folder)
    opened.open(dim=4, model_id="four")
    opened.upsert(
        [
            IndexedChunk(
                _point(base, generation, n),
                _generation(base, generation),
                f"document {base} {n}",
                [1, n, 0, 1],
                SparseVector((7,), (1.0,)),
            )
            for base in BASES
            for generation in GENERATIONS
            for n in (0, 1)
        ]
    )
    yield opened
    opened.close()


@given(HOUSES)
@example(NOBODY)
@example(IN_ALL)
@settings(max_examples=150)
def test_a_search_sees_exactly_the_active_generations_of_what_may_be_read(index: EdgeIndex, house: House) -> None:
    with _stored(house) as session:
        person = session.get_one(Person, "ben")
        access = people.get_access(session, person)
        by_key = people.get_caller(session, person).bounded_by(_opened_by_key(session, person, house))
    assert {name: base.role for name, base in access.readable.items()} == house.roles()
    assert {name: base.role for name, base in by_key.access.readable.items()} == house.roles_by_key()
    assert by_key.is_admin == (house.is_admin and house.key_bases is None and house.key_role is None)
    for rights, readable in ((access, house.roles()), (by_key.access, house.roles_by_key())):
        filter = rights.search_filter()
        assert filter.generation_ids == {_generation(base, house.active[base]) for base in readable}
        assert _found(index, filter) == {_point(base, house.active[base], n) for base in readable for n in (0, 1)}
        only = rights.search_filter(frozenset({"document A 1", "document B 0"}))
        seen = {("A", 1), ("B", 0)}
        assert _found(index, only) == {_point(base, house.active[base], n) for base, n in seen if base in readable}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("narrowed_to"), st.lists(st.sampled_from([*BASES, "Nowhere"]), max_size=3)),
        st.tuples(st.just("within"), SOME_BASES),
        st.tuples(st.just("bounded_by"), st.builds(KeyBounds, st.none() | SOME_BASES, st.none() | ROLES)),
    ),
    max_size=6,
)


@given(ROLE_BY_BASE, STEPS)
def test_nothing_that_is_done_to_rights_makes_them_more(
    roles: dict[str, MemberRole], steps: list[tuple[str, object]]
) -> None:
    access = Access(
        "ben",
        {
            name: ReadableKnowledgeBase(name, name, _generation(name, "active"), "m", role)
            for name, role in roles.items()
        },
    )
    for step, given_to_it in steps:
        before = access
        try:
            access = getattr(access, step)(given_to_it)
        except NotFound:
            assert step == "narrowed_to"
            assert not set(given_to_it) <= set(before.readable)  # type: ignore[call-overload]
        assert access.person_id == "ben"
        assert access.search_filter().generation_ids <= before.search_filter().generation_ids
        for name, base in access.readable.items():
            was = before.readable[name]
            assert (base.id, base.generation_id) == (was.id, was.generation_id)
            assert was.role.covers(base.role)
        assert all(before.may(id, role) for id in BASES for role in MemberRole if access.may(id, role))


@given(ROLE_BY_BASE, st.lists(st.sampled_from(BASES), min_size=1), SOME_BASES)
def test_narrowing_keeps_just_what_was_named(
    roles: dict[str, MemberRole], names: list[str], ids: frozenset[str]
) -> None:
    access = Access("ben", {name: ReadableKnowledgeBase(name, name, "g", "m", role) for name, role in roles.items()})
    if set(names) <= set(roles):
        assert set(access.narrowed_to(names).readable) == set(names)
    else:
        with pytest.raises(NotFound):
            access.narrowed_to(names)
    assert set(access.within(ids).readable) == (set(roles) & ids if ids else set(roles))
    assert set(access.bounded_by(KeyBounds(ids)).readable) == set(roles) & ids


def _stored(house: House) -> Session:
    """A database with this house in it, in memory."""
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine, tables=[SQLModel.metadata.tables[name] for name in TABLES])
    session = Session(engine)
    session.add(Person(id="ben", name="Ben", is_admin=house.is_admin))
    for base in BASES:
        deleted_at = utc_now() if base in house.deleted else None
        active = _generation(base, house.active[base])
        session.add(KnowledgeBaseRow(id=base, name=base, active_generation_id=active, deleted_at=deleted_at))
        for generation in GENERATIONS:
            id = _generation(base, generation)
            session.add(
                Generation(
                    id=id,
                    knowledge_base_id=base,
                    splitter="sentence",
                    chunk_size=1,
                    overlap=0,
                    embedding_model_id="four",
                )
            )
    session.add_all(Membership(person_id="ben", knowledge_base_id=base, role=role) for base, role in house.own.items())
    for n, (is_in, roles) in enumerate(house.groups):
        session.add(GroupRow(id=str(n), name=f"Group {n}"))
        session.add_all(
            GroupMembership(group_id=str(n), knowledge_base_id=base, role=role) for base, role in roles.items()
        )
        session.add(GroupMember(group_id=str(n), person_id="ben" if is_in else "somebody else"))
    session.commit()
    return session


TABLES = (
    "person",
    "person_group",
    "group_member",
    "membership",
    "group_membership",
    "knowledge_base",
    "generation",
    "api_key",
    "api_key_base",
)


def _opened_by_key(session: Session, person: Person, house: House) -> KeyBounds:
    """The bounds as they come back from the database."""
    bounds = KeyBounds(house.key_bases, house.key_role)
    opened = api_keys.open_with(session, people.create_api_key(session, person, "script", bounds=bounds))
    assert opened
    assert opened.bounds == bounds
    return opened.bounds


def _found(index: EdgeIndex, filter: SearchFilter) -> set[str]:
    dense = np.array([0.5, 0.5, 0.5, 0.5], dtype=np.float32)
    found = index.search(dense, SparseVector((7,), (1.0,)), filter=filter, limit=100)
    by_meaning, by_words = ({hit.chunk_id for hit in hits} for hits in (found.by_meaning, found.by_words))
    assert by_meaning == by_words
    return by_meaning


def _generation(base: str, name: str) -> str:
    return f"{name} of {base}"


def _point(base: str, generation: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{base} {generation} {n}"))
