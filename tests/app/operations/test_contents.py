"""What is in a knowledge base, and what could not be taken in, as operations tell it."""

import zipfile
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from app.access import Caller
from app.db import people
from app.db.contents import ContentsQuery
from app.db.people_tables import Membership
from app.domain import AddedHow, MemberRole
from app.errors import Forbidden, NotFound
from app.operations import contents, documents, opened
from app.services import Services
from tests.taking_in import open_base, take_in

PASSWORD = "correct horse battery"


def caller_with(services: Services, name: str, base_id: str, role: MemberRole) -> Caller:
    with services.database.write() as session:
        person = people.find_person(session, name) or people.create_person(session, name, PASSWORD)
        session.merge(Membership(person_id=person.id, knowledge_base_id=base_id, role=role))
        session.flush()
        return Caller(person.id, person.name, False, people.get_access(session, person))


def listed(services: Services, base_id: str, caller: Caller) -> list[contents.ListedDocument]:
    return list(contents.list_documents(base_id, ContentsQuery(), caller, services, limit=50, offset=0).rows)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "pears.md").write_text("# Pears\n\nA pear is green.\n")
    (folder / "broken.pdf").write_text("%PDF-1.7 no more")
    return folder


def test_readers_are_told_nothing_and_editors_all(services: Services, docs: Path) -> None:
    take_in(services, docs)
    base_id = open_base(services).id
    reader = caller_with(services, "Ben", base_id, MemberRole.READER)
    stranger = caller_with(services, "Eve", open_base(services, "Other").id, MemberRole.ADMIN)
    for caller, refusal in ((reader, Forbidden), (stranger, NotFound)):
        for ask in (contents.list_failed, contents.list_at_work):
            with pytest.raises(refusal):
                ask(base_id, caller, services)
        with pytest.raises(refusal):
            listed(services, base_id, caller)
    editor = caller_with(services, "Ben", base_id, MemberRole.EDITOR)
    (row,) = listed(services, base_id, editor)
    assert row.stored.added
    assert (row.stored.name, row.stored.chunks, row.stored.added.how) == ("pears.md", 1, AddedHow.MACHINE)


def test_what_failed_is_told_until_it_is_in(services: Services, docs: Path) -> None:
    take_in(services, docs)
    take_in(services, docs)
    base_id = open_base(services).id
    editor = caller_with(services, "Ben", base_id, MemberRole.EDITOR)
    (job,) = contents.list_failed(base_id, editor, services)
    (item,) = job.items
    assert (item.name, job.requested_by, job.needs_password, job.may_retry) == (
        "broken.pdf",
        "this machine",
        False,
        True,
    )
    assert "broken PDF" in item.error
    canvas = Canvas(str(docs / "broken.pdf"))
    canvas.drawString(72, 700, "It is whole now.")
    canvas.save()
    take_in(services, docs)
    assert contents.list_failed(base_id, editor, services) == []


def test_a_document_whose_new_content_fails_is_searchable_and_says_why(services: Services, docs: Path) -> None:
    take_in(services, docs / "pears.md")
    (docs / "pears.md").write_bytes(b"%PDF-1.7 no more")
    take_in(services, docs / "pears.md")
    base_id = open_base(services).id
    (row,) = listed(services, base_id, caller_with(services, "Ben", base_id, MemberRole.EDITOR))
    assert row.stored.is_searchable
    assert "holds a PDF" in row.failure
    assert not row.is_at_work


def test_a_document_that_was_found_inside_another_leads_to_it(services: Services, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "box.zip", "w") as archive:
        archive.writestr("inner.md", "# Inside\n\nIt lies inside.\n")
    outcomes = take_in(services, tmp_path / "box.zip")
    base_id = open_base(services).id
    editor = caller_with(services, "Ben", base_id, MemberRole.EDITOR)
    box, inner = (outcomes[name].document_id or "" for name in ("box.zip", "inner.md"))
    assert opened.open_document(box, editor, services).inside == 1
    assert opened.open_document(inner, editor, services).lies_in == (box, "box.zip")
    assert documents.delete_all([box, inner], editor, services).documents == 2
    assert listed(services, base_id, editor) == []


def test_of_several_none_is_deleted_where_one_may_not_be(services: Services, docs: Path) -> None:
    mine = take_in(services, docs / "pears.md")["pears.md"].document_id or ""
    foreign = take_in(services, docs / "pears.md", kb="Other")["pears.md"].document_id or ""
    base_id = open_base(services).id
    editor = caller_with(services, "Ben", base_id, MemberRole.EDITOR)
    with pytest.raises(NotFound):
        documents.delete_all([mine, foreign], editor, services)
    assert len(listed(services, base_id, editor)) == 1
    assert documents.delete_all([mine, mine], editor, services).documents == 1
