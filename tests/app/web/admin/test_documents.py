"""The page of a document, and what is done with several of a list at once."""

import re
from collections.abc import Callable

import pytest

from app.db import documents, parsed_texts
from app.domain import Document, MemberRole
from app.operations.opened import PART
from app.services import Services
from tests.app.web.admin.test_uploads import send, the_job
from tests.app.web.signed_in import Browser
from tests.pdf_files import build_pdf
from tests.taking_in import open_base, wait_for_all

Enter = Callable[..., Browser]
LEAVE = b"# Leave\n\nEvery parent receives 70 days.\n"


@pytest.fixture
def base_id(services: Services) -> str:
    return open_base(services, "Staff").id


def put(services: Services, admin: Browser, base_id: str, *files: tuple[str, bytes]) -> dict[str, Document]:
    """Upload to the end; the documents by name."""
    send(admin, base_id, *files)
    the_job(services, base_id)
    with services.database.read() as session:
        return {each.name: each for each in documents.list_documents(session, [base_id])}


def test_a_document_tells_what_it_is_and_who_brought_it(services: Services, base_id: str, admin: Browser) -> None:
    document = put(services, admin, base_id, ("leave.md", LEAVE))["leave.md"]
    page = admin.get(f"/admin/documents/{document.id}").text
    for fact in ("text/markdown", "1 chunk", "uploaded as leave.md", "added by Ada", document.content_hash[:7]):
        assert fact in page
    assert f'href="/api/v1/documents/{document.id}/file"' in page
    assert "Every parent receives 70 days." in page


def test_readers_and_strangers_see_no_document(services: Services, base_id: str, admin: Browser, enter: Enter) -> None:
    document = put(services, admin, base_id, ("leave.md", LEAVE))["leave.md"]
    other = open_base(services, "Other").id
    path = f"/admin/documents/{document.id}"
    for roles, status in (
        ({other: MemberRole.EDITOR}, 404),
        ({other: MemberRole.EDITOR, base_id: MemberRole.READER}, 403),
        ({base_id: MemberRole.EDITOR}, 200),
    ):
        ben = enter("Ben", roles=roles)
        for tab in ("text", "chunks", "pages", "tables"):
            answer = ben.get(path, show=tab)
            assert answer.status_code == status
            assert ("parent" in answer.text) == ((status == 200 and tab != "chunks") or "70 days" in answer.text)
        if status != 200:
            assert {ben.post(f"{path}/{what}").status_code for what in ("read-again", "delete")} == {status}
    assert admin.get("/admin/documents/nothing").status_code == 404


def test_a_long_text_is_shown_in_parts_that_leave_nothing_out(services: Services, base_id: str, admin: Browser) -> None:
    lines = [f"Line {number} of a long text about ovens and bread." for number in range(2_000)]
    document = put(services, admin, base_id, ("long.txt", "\n".join(lines).encode()))["long.txt"]
    shown: list[str] = []
    number = 1
    while True:
        page = admin.get(f"/admin/documents/{document.id}", page=str(number)).text
        (text,) = re.findall(r'<div class="document-text quote"[^>]*>(.*?)</div>', page, re.DOTALL)
        assert len(text) < PART + 3_000
        shown += text.strip("\n").split("\n")
        if 'rel="next"' not in page:
            break
        number += 1
    assert number > 3
    assert shown == lines
    assert admin.get(f"/admin/documents/{document.id}", page="9999").status_code == 200


def test_a_pdf_is_shown_page_by_page_with_its_pictures(services: Services, base_id: str, admin: Browser) -> None:
    document = put(services, admin, base_id, ("two.pdf", build_pdf("First comes bread.", "Then comes butter.")))[
        "two.pdf"
    ]
    second = admin.get(f"/admin/documents/{document.id}", page="2").text
    assert "Then comes butter." in second
    assert "First comes bread." not in second
    picture = f"/api/v1/documents/{document.id}/pages/2.png?width=700"
    assert f'loading="lazy" class="page-picture" src="{picture}" width=' in second
    assert admin.get(picture).headers["content-type"] == "image/png"
    assert admin.get(f"/admin/documents/{document.id}", show="pages").text.count('class="page-picture"') == 2


def test_chunks_are_told_with_what_they_repeat(services: Services, base_id: str, admin: Browser) -> None:
    sentences = " ".join(f"Sentence number {n} tells something about the ovens of this house." for n in range(60))
    document = put(services, admin, base_id, ("ovens.md", f"# Ovens\n\n{sentences}\n".encode()))["ovens.md"]
    page = admin.get(f"/admin/documents/{document.id}", show="chunks").text
    assert page.count('class="chunk-facts"') == document.chunks > 1
    with services.database.read() as session:
        text = parsed_texts.get_text(session, document.version_id)
    spans = [
        (int(start.replace(",", "")), int(end.replace(",", "")))
        for start, end in re.findall(r"characters ([\d,]+) to ([\d,]+)", page)
    ]
    repeated = re.findall(r"<mark>(.*?)</mark>", page, re.DOTALL)
    assert repeated
    assert repeated[0] == text[spans[1][0] : spans[0][1]]


def test_tables_are_told_with_their_columns(services: Services, base_id: str, admin: Browser) -> None:
    document = put(services, admin, base_id, ("plants.csv", b"Plant,Height\nRose,3\nOak,30\n"))["plants.csv"]
    page = admin.get(f"/admin/documents/{document.id}", show="tables").text
    assert "2 rows" in page
    assert re.findall(r'<th scope="row" class="name">(\w+)</th>', page) == ["Plant", "Height"]


def test_a_document_is_read_again_and_deleted(services: Services, base_id: str, admin: Browser) -> None:
    document = put(services, admin, base_id, ("leave.md", LEAVE))["leave.md"]
    path = f"/admin/documents/{document.id}"
    assert admin.post(f"{path}/read-again").headers["location"] == path
    assert "being read again" in admin.get(path).text
    wait_for_all(services)
    assert admin.post(f"{path}/delete").headers["location"] == f"/admin/knowledge-bases/{base_id}"
    assert "“leave.md” is deleted." in admin.get(f"/admin/knowledge-bases/{base_id}").text
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize(("action", "left"), [("delete", ["c.md"]), ("read-again", ["a.md", "b.md", "c.md"])])
def test_several_are_chosen_at_once(
    services: Services, base_id: str, admin: Browser, action: str, left: list[str]
) -> None:
    files = [(f"{name}.md", LEAVE + name.encode()) for name in "abc"]
    stored = put(services, admin, base_id, *files)
    chosen = [stored["a.md"].id, stored["b.md"].id]
    form = {"action": action, "chosen": chosen}
    assert admin.post(f"/admin/knowledge-bases/{base_id}/chosen", form).status_code == 303
    assert "2 documents are" in admin.get(f"/admin/knowledge-bases/{base_id}").text
    wait_for_all(services)
    with services.database.read() as session:
        assert [each.name for each in documents.list_documents(session, [base_id])] == left


def test_choosing_reaches_no_other_knowledge_base(
    services: Services, base_id: str, admin: Browser, enter: Enter
) -> None:
    other = open_base(services, "Other").id
    mine = put(services, admin, base_id, ("mine.md", LEAVE))["mine.md"].id
    foreign = put(services, admin, other, ("foreign.md", LEAVE))["foreign.md"].id
    ben = enter("Ben", roles={base_id: MemberRole.EDITOR})
    here = f"/admin/knowledge-bases/{base_id}/chosen"
    for action in ("delete", "read-again"):
        assert ben.post(here, {"action": action, "chosen": [mine, foreign]}).status_code == 404
        assert admin.post(here, {"action": action, "chosen": [mine, foreign]}).status_code == 404
        assert ben.post(here, {"action": action}).status_code == 422
    with services.database.read() as session:
        assert len(documents.list_documents(session, [base_id, other])) == 2
    assert ben.post(here, {"action": "delete", "chosen": [mine]}).status_code == 303
