"""The audit log's page: who sees which entries, filters, pages, and what can be taken away."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db import audit
from app.db.audit import AuditFilter
from app.db.people_tables import AuditRow
from app.domain import Deed, MemberRole
from app.lab.question_files import read_questions
from app.services import Services
from app.web.admin.exports import disarm, write_csv, write_json
from tests.app.web.admin.test_guard import make_base
from tests.app.web.signed_in import Browser

Enter = Callable[..., Browser]
MARCH = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)


def put(services: Services, subject: str, **values: Any) -> None:
    row = {"person_id": "p", "person": "Ben", "deed": Deed.UPLOAD, "subject": subject, **values}
    with services.database.write() as session:
        session.add(AuditRow(**row))


def listed(answer: Any) -> set[str]:
    """Which of the entries that a test made are on a page."""
    assert answer.status_code == 200, answer.text
    return {word for word in ("first", "second", "third") if f"{word}-entry" in answer.text}


def test_the_log_says_when_who_what_where_and_on_what(admin: Browser, services: Services) -> None:
    base = make_base(services, "Handbook")
    put(services, "first-entry", knowledge_base_id=base, detail="leave.pdf <b>")
    page = admin.get("/admin/audit").text
    for said in ("Ben", "upload", "Handbook", "first-entry", "leave.pdf &lt;b&gt;", "<time datetime="):
        assert said in page, said
    german = admin.client.get("/admin/audit", headers={"accept-language": "de"}).text
    assert "hochgeladen" in german


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"first", "second", "third"}),
        ({"q": "FIRST-entry"}, {"first"}),
        ({"q": "100%"}, {"third"}),
        ({"person": "Zoe"}, {"second"}),
        ({"deed": "delete a document"}, {"second"}),
        ({"since": "2026-04-01"}, {"second", "third"}),
        ({"until": "2026-03-31"}, {"first"}),
        ({"since": "2026-03-31", "until": "2026-03-31", "person": "Ben"}, {"first"}),
        ({"person": "Nobody"}, set()),
    ],
)
def test_the_log_is_filtered(admin: Browser, services: Services, query: dict[str, str], found: set[str]) -> None:
    put(services, "first-entry", at=MARCH)
    put(services, "second-entry", person="Zoe", deed=Deed.DOCUMENT_DELETE)
    put(services, "third-entry", detail="100% sure")
    answer = admin.get("/admin/audit", **query)
    assert listed(answer) == found
    assert ("Leave out a condition" in answer.text) is not bool(found)


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"until": "2026-02-30"}, {"deed": "dance"}])
def test_a_filter_that_cannot_be_is_refused_in_words(admin: Browser, query: dict[str, str]) -> None:
    answer = admin.get("/admin/audit", **query)
    assert (answer.status_code, "is no day" in answer.text or "no deed" in answer.text) == (422, True)


def test_a_base_admin_sees_and_takes_away_what_was_done_in_their_bases_alone(services: Services, enter: Enter) -> None:
    mine, edited = make_base(services, "Mine"), make_base(services, "Edited")
    put(services, "first-entry", knowledge_base_id=mine)
    put(services, "second-entry", knowledge_base_id=edited, person="Zoe")
    put(services, "third-entry")
    eva = enter("Eva", roles={mine: MemberRole.ADMIN, edited: MemberRole.EDITOR})
    page = eva.get("/admin/audit")
    assert listed(page) == {"first"}
    assert ("Zoe" in page.text, "Edited" in page.text, "Plain records" in page.text) == (False, False, False)
    assert eva.get("/admin/audit", kb=edited).status_code == 403
    assert eva.get("/admin/audit/export/csv", kb=edited).status_code == 403
    assert [row["subject"] for row in eva.get("/admin/audit/export/json").json()] == ["first-entry"]
    editor = enter("Ben", roles={edited: MemberRole.EDITOR})
    assert editor.get("/admin/audit").status_code == 403
    assert ">Audit<" not in editor.get("/admin").text


def test_a_long_log_has_pages(admin: Browser, services: Services) -> None:
    put(services, "first-entry")
    for n in range(60):
        put(services, f"entry {n}")
    assert listed(admin.get("/admin/audit", q="entry")) == set()
    second = admin.get("/admin/audit", q="entry", page="2")
    assert listed(second) == {"first"}
    assert "/admin/audit?q=entry&amp;page=1" in second.text


def test_an_export_holds_what_is_filtered_and_is_an_entry_itself(admin: Browser, services: Services) -> None:
    for n in range(1203):
        put(services, f"entry {n}")
    put(services, "other", person="Zoe")
    answer = admin.get("/admin/audit/export/csv", person="Ben")
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["subject"] for row in rows] == [f"entry {n}" for n in range(1203)]
    assert 'filename="cloister-audit-' in answer.headers["content-disposition"]
    with services.database.read() as session:
        (event,) = audit.list_events(session, AuditFilter(deed=Deed.EXPORT), limit=9)
    assert (event.person, event.subject, event.detail) == ("Ada", "audit", "1203 rows, csv")
    assert admin.get("/admin/audit/export/xlsx").status_code == 404


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_file_is_a_formula(start: str) -> None:
    assert disarm(f"{start}1+1") == f"'{start}1+1"
    assert disarm(f"a{start}1") == f"a{start}1"
    assert disarm(-5) == -5
    (heading, line) = write_csv(["a", "b"], [[f"{start}x", None]])
    (row,) = csv.reader(StringIO(line, newline=""))
    assert (heading, row) == ("\ufeffa,b\r\n", [f"'{start}x", ""])


def test_a_json_file_is_whole_however_many_rows_it_has() -> None:
    for rows in ([], [["=1", MARCH]], [["ä", 1], ["b", None]]):
        read = json.loads("".join(write_json(["a", "b"], rows)))
        assert [list(each.values()) for each in read] == [
            [cell.isoformat() if isinstance(cell, datetime) else cell for cell in row] for row in rows
        ]


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET person = 'nobody'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_or_delete_an_entry(services: Services, statement: str) -> None:
    put(services, "first-entry")
    with pytest.raises(IntegrityError, match="append-only"), services.database.write() as session:
        session.execute(text(statement))
    with services.database.read() as session:
        assert [event.person for event in audit.list_events(session, AuditFilter(), limit=9)] == ["Ben"]


def test_questions_that_were_disarmed_by_an_export_are_read_as_they_were() -> None:
    questions = [["=Which leave?", "leave.md", "-70 days"], ["'tis plain", "leave.md", "words"]]
    exported = "".join(write_csv(["question", "document", "quote"], questions))
    read = read_questions(exported, {"leave.md": "1"})
    assert [[each.text, each.quote] for each in read.questions] == [[text, quote] for text, _, quote in questions]
