"""What one person may read, and what that lets through."""

from pathlib import Path

import pytest

from app.access import Access, ReadableKnowledgeBase
from app.db import people
from app.db.people_tables import Person
from app.domain import Found, MemberRole
from app.errors import NotFound
from app.services import Services
from tests.taking_in import take_in

BOTH = Access(
    "ada",
    {
        name: ReadableKnowledgeBase(f"id-{name}", name, f"generation-{name}", "a-model", MemberRole.READER)
        for name in ("One", "Two")
    },
)
NOBODY = Access("nobody", {})


def test_the_filter_lets_exactly_the_readable_generations_through() -> None:
    assert BOTH.search_filter().generation_ids == {"generation-One", "generation-Two"}
    assert BOTH.narrowed_to(["Two"]).search_filter().generation_ids == {"generation-Two"}


def test_no_names_keep_all_knowledge_bases() -> None:
    assert BOTH.narrowed_to([]) == BOTH


@pytest.mark.parametrize("name", ["Three", "one", ""])
def test_a_knowledge_base_that_is_not_readable_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="that you may read"):
        BOTH.narrowed_to(["One", name])


def test_whoever_may_read_nothing_gets_a_filter_that_lets_nothing_through() -> None:
    assert NOBODY.search_filter().generation_ids == frozenset()
    assert not NOBODY.may_read("id-One")


def test_whoever_may_read_nothing_finds_nothing(services: Services, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text("Parental leave is 70 days.")
    take_in(services, tmp_path / "leave.md")
    everybody = _admins_access(services)
    retriever = services.retriever()
    assert retriever.retrieve("parental leave", access=everybody, k=5)
    assert retriever.retrieve("parental leave", access=NOBODY, k=5) == []
    dense, sparse = services.embedder.get().embed_query("leave"), services.sparse.encode_query("leave", [])
    assert services.index.get().search(dense, sparse, filter=everybody.search_filter(), limit=5).by_meaning
    assert services.index.get().search(dense, sparse, filter=NOBODY.search_filter(), limit=5) == Found((), ())


def _admins_access(services: Services) -> Access:
    with services.database.read() as session:
        return people.get_access(session, Person(name="admin", is_admin=True))
