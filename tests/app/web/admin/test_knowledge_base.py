"""The page of one knowledge base: what it shows to whom, its list of documents, members, name and end."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.db import documents, knowledge_bases, members
from app.db.tables import DocumentRow, VersionRow
from app.domain import MemberRole
from app.services import Services
from app.web.admin.lists import ROWS
from tests.app.web.signed_in import Browser
from tests.taking_in import open_base, take_in

Enter = Callable[..., Browser]
MANAGING = ("Members", "New name", "Delete this knowledge base")


@pytest.fixture
def filled(services: Services, tmp_path: Path) -> str:
    """The id of a knowledge base with two documents and one that could not be taken in."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "pears.md").write_text("# On pears\n\nA pear is green.\n")
    (folder / "apples.txt").write_text("An apple is red, and an apple is round.\n")
    (folder / "broken.pdf").write_text("%PDF-1.7 no more")
    take_in(services, folder, kb="Fruit")
    return open_base(services, "Fruit").id


def put_many(services: Services, n: int) -> str:
    """A knowledge base with so many documents that nobody read; returns its id."""
    base = open_base(services, "Many")
    with services.database.write() as session:
        for number in range(n):
            id, version_id = f"document-{number}", f"version-{number}"
            session.add(
                DocumentRow(
                    id=id,
                    knowledge_base_id=base.id,
                    location=f"upload:{number}",
                    name=f"note {number:03}.md",
                    active_version_id=version_id,
                )
            )
            session.flush()
            warnings = '["Page 2 cannot be read."]' if number == 7 else "[]"
            session.add(
                VersionRow(id=version_id, document_id=id, content_hash="0", size_bytes=n - number, warnings=warnings)
            )
    return base.id


def listed(page: str) -> list[str]:
    """The names in the list of documents."""
    return re.findall(r'<a href="/admin/documents/[^"]+">([^<]+)</a>', page)


# --- who sees what ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "shown"),
    [(MemberRole.EDITOR, 0), (MemberRole.ADMIN, 2)],
)
def test_editors_see_the_documents_and_admins_also_members_and_name(
    filled: str, enter: Enter, role: MemberRole, shown: int
) -> None:
    page = enter("Ben", roles={filled: role}).get(f"/admin/knowledge-bases/{filled}").text
    assert listed(page) == ["apples.txt", "pears.md"]
    assert "broken.pdf" in page
    assert [part in page for part in MANAGING] == [n < shown for n in range(3)]


def test_an_admin_of_the_service_sees_all_of_it(filled: str, admin: Browser) -> None:
    page = admin.get(f"/admin/knowledge-bases/{filled}").text
    assert all(part in page for part in MANAGING)


def test_another_knowledge_base_is_shown_to_nobody_who_does_not_edit_it(
    filled: str, services: Services, enter: Enter
) -> None:
    mine = open_base(services, "Mine").id
    editor = enter("Ben", roles={mine: MemberRole.EDITOR})
    assert editor.get(f"/admin/knowledge-bases/{mine}").status_code == 200
    assert editor.get(f"/admin/knowledge-bases/{filled}").status_code == 404
    reading = enter("Ben", roles={filled: MemberRole.READER})
    answer = reading.get(f"/admin/knowledge-bases/{filled}")
    assert answer.status_code == 403
    assert "pears" not in answer.text


# --- the list -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"q": "PEARS"}, ["pears.md"]),
        ({"q": "On pears"}, ["pears.md"]),
        ({"q": "100%"}, []),
        ({"sort": "-name"}, ["pears.md", "apples.txt"]),
        ({"sort": "size"}, ["pears.md", "apples.txt"]),
        ({"sort": "secret"}, ["apples.txt", "pears.md"]),
        ({"show": "warned"}, []),
        ({"page": "99"}, ["apples.txt", "pears.md"]),
    ],
)
def test_the_list_is_found_and_sorted_by_what_the_address_says(
    filled: str, admin: Browser, asked: dict[str, str], names: list[str]
) -> None:
    assert listed(admin.get(f"/admin/knowledge-bases/{filled}", **asked).text) == names


def test_a_long_list_is_shown_page_by_page_and_nothing_twice(services: Services, admin: Browser) -> None:
    id = put_many(services, 2 * ROWS + 3)
    pages = [
        listed(admin.get(f"/admin/knowledge-bases/{id}", sort="size", page=str(number)).text) for number in (1, 2, 3)
    ]
    assert [len(page) for page in pages] == [ROWS, ROWS, 3]
    assert len({name for page in pages for name in page}) == 2 * ROWS + 3
    assert pages[2][-1] == "note 000.md"


def test_a_warning_is_told_and_those_that_have_one_are_found(services: Services, admin: Browser) -> None:
    id = put_many(services, 12)
    page = admin.get(f"/admin/knowledge-bases/{id}", show="warned").text
    assert listed(page) == ["note 007.md"]
    assert "Page 2 cannot be read." in page


def test_an_empty_one_says_the_next_step(services: Services, admin: Browser) -> None:
    page = admin.get(f"/admin/knowledge-bases/{open_base(services, 'Empty').id}").text
    assert "There is no document yet. Drop files above, or choose them." in page


def test_names_of_documents_are_text_and_nothing_else(services: Services, admin: Browser) -> None:
    base = open_base(services, "Many")
    with services.database.write() as session:
        documents.put_document(
            session, knowledge_base_id=base.id, location="upload:x", name="<img src=x onerror=alert(1)>"
        )
    page = admin.get(f"/admin/knowledge-bases/{base.id}").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


# --- name and end -------------------------------------------------------------------------------


def test_it_is_renamed_and_the_page_says_so(filled: str, admin: Browser) -> None:
    assert admin.post(f"/admin/knowledge-bases/{filled}/rename", {"name": " Berries "}).status_code == 303
    page = admin.get(f"/admin/knowledge-bases/{filled}").text
    assert "The knowledge base is called “Berries” now." in page
    assert "<h1>Berries</h1>" in page


def test_it_is_deleted_from_sight_at_once(filled: str, admin: Browser) -> None:
    answer = admin.post(f"/admin/knowledge-bases/{filled}/delete")
    assert answer.headers["location"] == "/admin/knowledge-bases"
    assert "“Fruit” is deleted" in admin.get("/admin/knowledge-bases").text
    assert admin.get(f"/admin/knowledge-bases/{filled}").status_code == 404


def test_only_an_admin_of_the_service_deletes_it(filled: str, enter: Enter) -> None:
    ben = enter("Ben", roles={filled: MemberRole.ADMIN})
    assert ben.post(f"/admin/knowledge-bases/{filled}/delete").status_code == 403
    assert ben.post(f"/admin/knowledge-bases/{filled}/rename", {"name": "Fruits"}).status_code == 303


# --- members ------------------------------------------------------------------------------------


def roles_in(services: Services, id: str) -> dict[str, str]:
    with services.database.read() as session:
        return {member.name: member.role for member in members.list_of(session, id)}


def test_a_member_is_added_changed_and_removed(filled: str, services: Services, admin: Browser, enter: Enter) -> None:
    ben = enter("Ben", roles={open_base(services, "Other").id: MemberRole.EDITOR})
    here = f"/admin/knowledge-bases/{filled}"
    for role in (MemberRole.READER, MemberRole.EDITOR):
        assert admin.post(f"{here}/members", {"name": "Ben", "role": role}).status_code == 303
        assert roles_in(services, filled) == {"Ben": role}
    assert ben.get(here).status_code == 200
    assert admin.post(f"{here}/members/{ben.person_id}/remove").status_code == 303
    assert roles_in(services, filled) == {}
    assert ben.get(here).status_code == 404


def test_names_are_proposed_to_admins_of_the_service_only(filled: str, admin: Browser, enter: Enter) -> None:
    enter("Eve")
    ben = enter("Ben", roles={filled: MemberRole.ADMIN})
    assert '<option value="Eve">' in admin.get(f"/admin/knowledge-bases/{filled}").text
    assert "Eve" not in ben.get(f"/admin/knowledge-bases/{filled}").text


def test_a_name_that_nobody_has_is_refused_in_words(filled: str, admin: Browser) -> None:
    answer = admin.post(f"/admin/knowledge-bases/{filled}/members", {"name": "Nobody", "role": "reader"})
    assert answer.status_code == 404
    assert "neither a person nor a group called “Nobody”" in answer.text


def test_who_is_no_admin_of_it_changes_no_member(filled: str, services: Services, enter: Enter) -> None:
    other = open_base(services, "Other").id
    enter("Eve", roles={filled: MemberRole.READER})
    for roles, status in (
        ({filled: MemberRole.EDITOR}, 403),
        ({filled: MemberRole.READER, other: MemberRole.ADMIN}, 403),
    ):
        ben = enter("Ben", roles=roles)
        before = roles_in(services, filled)
        form = {"name": "Ben", "role": "admin"}
        assert ben.post(f"/admin/knowledge-bases/{filled}/members", form).status_code == status
        eve = enter("Eve").person_id
        assert ben.post(f"/admin/knowledge-bases/{filled}/members/{eve}/remove").status_code == status
        assert roles_in(services, filled) == before
    ben = enter("Ben", roles={filled: MemberRole.ADMIN})
    assert ben.post(f"/admin/knowledge-bases/{filled}/members", {"name": "Eve", "role": "editor"}).status_code == 303


def test_a_knowledge_base_that_is_gone_has_no_page(admin: Browser, services: Services) -> None:
    id = open_base(services, "Gone").id
    with services.database.write() as session:
        knowledge_bases.hide(session, id)
    assert admin.get(f"/admin/knowledge-bases/{id}").status_code == 404
