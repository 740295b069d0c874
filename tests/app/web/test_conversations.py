"""One's own conversations: branched, pinned, found again, taken away, deleted; and nobody else's."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db import audit, chats, people
from app.db.audit import AuditFilter
from app.db.chat_tables import chat_elements, chat_feedbacks, chat_quotes, chat_steps, chat_threads
from app.domain import Deed
from app.services import Services
from app.settings import chat_files_dir
from tests.app.web.signed_in import Browser
from tests.app.web.stored_chat import SOURCE, Chat

Enter = Callable[..., Browser]
API = "/api/v1/conversations"


@pytest.fixture
def ada(enter: Enter) -> Browser:
    return enter("Ada", is_admin=True)


@pytest.fixture
def chat(services: Services, ada: Browser) -> Chat:
    return Chat(services, ada.person_id)


def branch(browser: Browser, chat: Chat, language: str = "en") -> Any:
    body = {"step_id": chat.ids["answer"]}
    return browser.client.post(f"{API}/{chat.id}/branch", json=body, headers={"accept-language": language})


# --- branches ---


def test_a_branch_is_a_copy_up_to_the_answer(ada: Browser, chat: Chat) -> None:
    new_id = branch(ada, chat).json()["id"]
    old, new = chat.steps(), chat.steps(new_id)
    assert [step["output"] for step in new] == [step["output"] for step in old[:5]]
    assert {step["id"] for step in new} & {step["id"] for step in old} == set()
    assert new[4]["metadata"]["face"]["question"] == new[0]["id"]
    assert new[3]["metadata"] == {"answer": new[4]["id"]}
    assert new[2]["parentId"] == new[1]["id"]
    assert [step["feedback"] for step in new] == [None] * 5


@pytest.mark.parametrize(("language", "ending"), [("en-GB,en", "(branch)"), ("de-AT,de;q=0.9", "(Abzweig)")])
def test_a_branch_is_named_after_where_it_comes_from(ada: Browser, chat: Chat, language: str, ending: str) -> None:
    made = branch(ada, chat, language).json()
    assert made["path"] == f"/thread/{made['id']}"
    (name,) = [each["name"] for each in ada.client.get(API).json() if each["id"] == made["id"]]
    assert name == f"Wie lange ist die Elternzeit? {ending}"


def test_a_long_name_is_cut_and_not_its_ending(services: Services, ada: Browser) -> None:
    made = branch(ada, Chat(services, ada.person_id, "a" * 200)).json()
    (name,) = [each["name"] for each in ada.client.get(API).json() if each["id"] == made["id"]]
    assert (len(name), name[-10:]) == (80, "… (branch)")


def test_a_branch_has_files_of_its_own(services: Services, ada: Browser, chat: Chat) -> None:
    new_id = branch(ada, chat).json()["id"]
    with services.database.read() as session:
        (url,) = session.execute(select(chat_elements.c.url).where(chat_elements.c.threadId == new_id)).scalars()
    assert ada.client.request("DELETE", "/project/thread", json={"threadId": chat.id}).is_success
    assert not chat.file.exists()
    assert ada.client.get(url).text == "The passage with quartermaster."
    assert len(chat.steps(new_id)) == 5


def test_deleting_a_branch_leaves_where_it_comes_from(ada: Browser, chat: Chat) -> None:
    new_id = branch(ada, chat).json()["id"]
    assert ada.client.request("DELETE", "/project/thread", json={"threadId": new_id}).is_success
    assert chat.file.exists()
    assert (len(chat.steps()), chat.steps(new_id)) == (7, [])


def test_a_document_that_is_deleted_goes_out_of_both(services: Services, ada: Browser, chat: Chat) -> None:
    new_id = branch(ada, chat).json()["id"]
    with services.database.write() as session:
        redacted, keys = chats.redact_quotes(session, "d1")
    assert (redacted, len(keys)) == (2, 2)
    assert [step["output"] for step in (chat.steps()[4], chat.steps(new_id)[4])] == [chats.REDACTED] * 2


def test_a_branch_is_not_pinned_with_where_it_comes_from(ada: Browser, chat: Chat) -> None:
    ada.client.put(f"{API}/{chat.id}/pin")
    new_id = branch(ada, chat).json()["id"]
    assert {each["id"]: each["pinned"] for each in ada.client.get(API).json()} == {chat.id: True, new_id: False}


def test_a_step_that_is_gone_cannot_be_branched_from(ada: Browser, chat: Chat) -> None:
    assert ada.client.post(f"{API}/{chat.id}/branch", json={"step_id": "gone"}).status_code == 404
    assert len(ada.client.get(API).json()) == 1


# --- pins, names, search ---


def test_pinned_conversations_stand_first(services: Services, ada: Browser) -> None:
    first, second = Chat(services, ada.person_id), Chat(services, ada.person_id)
    for pinned in (first, second):
        assert ada.client.put(f"{API}/{pinned.id}/pin").status_code == 204
        assert listed(ada)[0] == pinned.id
        assert [each["id"] for each in ada.client.get(API, params={"pinned": True}).json()] == [pinned.id]
        assert ada.client.delete(f"{API}/{pinned.id}/pin").status_code == 204
    with services.database.read() as session:
        assert chats.find_thread(session, first.id)["metadata"] == {"kept": 1}  # type: ignore[index]


def listed(browser: Browser, search: str | None = None) -> list[str]:
    """What Chainlit's list shows."""
    wanted = {"pagination": {"first": 9}, "filter": {"search": search} if search else {}}
    return [each["id"] for each in browser.client.post("/project/threads", json=wanted).json()["data"]]


@pytest.mark.parametrize("search", ["übergang", "ÜBERGANG parental", "weeks elternzeit", "nothing."])
def test_a_search_finds_all_words_in_messages_and_names_in_any_case(ada: Browser, chat: Chat, search: str) -> None:
    assert listed(ada, search) == [chat.id]


@pytest.mark.parametrize("search", ["übergang mond", "quartermaster", "%", "two pages"])
def test_a_search_finds_nothing_that_nobody_said(ada: Browser, chat: Chat, search: str) -> None:
    assert listed(ada, search) == []


def test_a_conversation_gets_another_name(ada: Browser, chat: Chat) -> None:
    answer = ada.client.put("/project/thread", json={"threadId": chat.id, "name": "Über Urlaub"})
    assert answer.is_success
    assert [each["name"] for each in ada.client.get(API).json()] == ["Über Urlaub"]
    assert listed(ada, "über URLAUB") == [chat.id]


# --- taking away ---


def test_the_markdown_says_who_said_what_and_when_with_the_sources(ada: Browser, chat: Chat) -> None:
    answer = ada.client.get(f"{API}/{chat.id}/export")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="Wie lange ist die Elternzeit 2')
    text = answer.text
    assert text.startswith("# Wie lange ist die Elternzeit?\n\n*Ada, begun on ")
    assert "## Ada — 2026-01-01 00:00 UTC\n\nHow long is PARENTAL Übergang?" in text
    assert "## Answer · tiny — 2026-01-01 00:00 UTC\n\n26 weeks [1].\n\nSources:\n[1] x" in text
    assert "### Web search — 2026-01-01 00:00 UTC\n\n> leave\n\n> two pages" in text
    assert "on_message" not in text


def test_the_json_has_a_version_and_all_that_is_kept(ada: Browser, chat: Chat) -> None:
    answer = ada.client.get(f"{API}/{chat.id}/export", params={"format": "json"})
    exported = json.loads(answer.text)
    assert (exported["format"], exported["version"], exported["person"]) == ("cloister-conversation", 1, "Ada")
    kinds = [entry["kind"] for entry in exported["entries"]]
    assert kinds == ["question", "run", "tool", "tool", "answer", "question", "note"]
    given = exported["entries"][4]
    assert (given["text"], given["question_id"], given["model"]) == ("26 weeks [1].", chat.ids["first"], "tiny")
    source = {**SOURCE, "start_char": 4, "end_char": 21, "verified": True, "url": None}
    assert given["sources"] == [{key: source[key] for key in given["sources"][0]}]
    assert given["elements"] == [{"id": chat.file.name, "name": "[1]", "text": "The passage with quartermaster."}]
    assert given["thumb"] == {"up": True, "comment": "good"}
    assert exported["entries"][3]["answer_id"] == chat.ids["answer"]
    assert {entry["id"]: entry["metadata"] for entry in exported["entries"]} == {
        step["id"]: step["metadata"] for step in chat.steps()
    }


def test_an_export_is_written_down_without_a_word_of_it(services: Services, ada: Browser, chat: Chat) -> None:
    ada.client.get(f"{API}/{chat.id}/export")
    ada.client.get(f"{API}/export")
    with services.database.read() as session:
        found = audit.list_events(session, AuditFilter(deed=Deed.EXPORT), limit=9)
    assert [(each.subject, each.detail) for each in found] == [
        ("conversations", "1 conversations, zip"),
        ("conversations", "1 conversation, 7 entries, markdown"),
    ]
    assert found[0].subject_id == ""


def test_all_conversations_come_in_one_file(services: Services, ada: Browser, chat: Chat) -> None:
    other = Chat(services, ada.person_id, '../../etc/passwd\n:*?"<>|')
    archive = zipfile.ZipFile(io.BytesIO(ada.client.get(f"{API}/export").content))
    assert archive.testzip() is None
    names = sorted(archive.namelist())
    assert len(names) == 4
    assert {name.rsplit(".", 1)[1] for name in names} == {"md", "json"}
    assert not any(part in name for name in names for part in ("/", "\\", "..", ":", "<", "\n"))
    exported = [json.loads(archive.read(name)) for name in names if name.endswith(".json")]
    assert {each["id"] for each in exported} == {chat.id, other.id}


def test_without_conversations_the_file_is_empty(ada: Browser) -> None:
    assert zipfile.ZipFile(io.BytesIO(ada.client.get(f"{API}/export").content)).namelist() == []


# --- deleting ---


def test_a_deleted_conversation_leaves_nothing(services: Services, ada: Browser, chat: Chat) -> None:
    assert ada.client.request("DELETE", "/project/thread", json={"threadId": chat.id}).is_success
    assert count_rows(services) == 0
    assert not chat.file.parent.exists()


def test_all_my_conversations_go_and_those_of_others_stay(services: Services, enter: Enter, ada: Browser) -> None:
    mine, others = [Chat(services, ada.person_id) for _ in range(2)], Chat(services, enter("Ben").person_id)
    answer = ada.post("/account/conversations/delete")
    assert answer.headers["location"] == "/account"
    assert [chat.file.exists() for chat in (*mine, others)] == [False, False, True]
    assert [len(chat.steps()) for chat in (*mine, others)] == [0, 0, 7]
    assert "2 conversations" in ada.get("/account").text
    # The person goes on chatting without signing in anew.
    assert listed(ada) == []


def count_rows(services: Services) -> int:
    tables = (chat_threads, chat_steps, chat_elements, chat_feedbacks, chat_quotes)
    with services.database.read() as session:
        return sum(len(session.execute(select(table)).all()) for table in tables)


# --- rights ---


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "export", None),
        ("GET", "export?format=json", None),
        ("PUT", "pin", None),
        ("DELETE", "pin", None),
        ("POST", "branch", {"step_id": "answer"}),
        ("POST", "compare", {"step_id": "answer"}),
    ],
)
def test_somebody_elses_conversation_is_not_there(
    services: Services, enter: Enter, ada: Browser, method: str, path: str, body: dict[str, str] | None
) -> None:
    """Not even for an admin."""
    theirs = Chat(services, enter("Ben").person_id)
    sent = {"step_id": theirs.ids["answer"]} if body else None
    before = count_rows(services)
    answer = ada.client.request(method, f"{API}/{theirs.id}/{path}", json=sent)
    assert answer.status_code == 404
    assert "Elternzeit" not in answer.text
    assert count_rows(services) == before
    with services.database.read() as session:
        assert audit.count_events(session, AuditFilter(deed=Deed.EXPORT)) == 0


def test_the_list_holds_ones_own_only(services: Services, enter: Enter, ada: Browser, chat: Chat) -> None:
    Chat(services, enter("Ben").person_id)
    assert [each["id"] for each in ada.client.get(API).json()] == [chat.id]


def test_nobody_comes_in_unseen(services: Services, ada: Browser, chat: Chat) -> None:
    ada.client.cookies.clear()
    assert ada.client.get(API).status_code == 401
    assert ada.client.get(f"{API}/{chat.id}/export").status_code == 401


def test_a_person_who_is_deleted_takes_branches_along(
    services: Services, enter: Enter, ada: Browser, tmp_path: Path
) -> None:
    ben = enter("Ben")
    chat = Chat(services, ben.person_id)
    branch(ben, chat)
    ada.post(f"/admin/people/{ben.person_id}/delete")
    with services.database.read() as session:
        assert people.find_enabled(session, ben.person_id) is None
    assert count_rows(services) == 0
    assert [path for path in chat_files_dir(services.settings.data_dir).rglob("*") if path.is_file()] == []
