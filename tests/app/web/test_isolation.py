"""Everybody, asking every route, tool, export and door of the chat for what belongs to others: refused, in the words
for what does not exist, and not a word of it in any answer.

What is asked is made from the route tables, the OpenAPI document and the protocols: what is new is asked too, or fails
here until it is known.
"""

import asyncio
import inspect
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from app.access import Access
from app.db import documents, questions, sources
from app.db.chats import find_thread
from app.domain import FunctionName
from app.errors import CloisterError
from app.main import build_app
from app.operations.assistants import Assisted
from app.operations.functions import build_functions
from app.services import Services
from app.settings import load_settings, prepare_data_dir
from app.web.chat.backend import AttachedFile, ChatBackend, Manner
from app.web.chat.commands import CommandName, Offer, plan_message
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.words import words_for
from tests.app.web.examples import Request, request_for
from tests.app.web.isolation.estates import Estate, build_estate
from tests.app.web.isolation.routes import Door, list_doors
from tests.app.web.isolation.visitors import Answer, Visitor, all_visitors
from tests.conftest import JOBS_FILE
from tests.fakes import open_with_fakes
from tests.lent_sandboxes import LentSandboxes

FEWEST_CALLS: Final = 2_000
# Redirects lead to the sign-in page, for pages and whoever is not signed in.
REFUSED: Final = {303, 401, 403, 404}
# A person's own: not even whoever may read all that it speaks of, nor an admin, is let in.
OWN: Final = (
    "/api/v1/conversations/{id}",
    "/api/v1/speech/{message_id}",
    "/chat-files/",
    "/project/thread",
    "/project/element",
    "/feedback",
    "/compare/{id}",
    "/account/keys/{id}",
    "/account/sessions/{id}",
)
# After these, one has to sign in again.
LEAVES: Final = {"/account/sign-out", "/logout", "/set-session-cookie", "/login", "/account/password"}
# What an insider is not given either, and why: our texts have no pages, the run kept no change, the door is closed to
# all, the address is for a page's own stream.
HOLDS_NOTHING: Final = {
    "/api/v1/documents/{id}/pages/{n}.png",
    "/api/v1/runs/{id}/diff",
    "/admin/runs/{id}/diff",
    "/project/share/{thread_id}",
    "/admin/jobs/stream",
}
# What takes any words, and looks nothing up by them.
NAMES_NOTHING: Final = {"/api/v1/speech"}
# Answers of the service's files and of Chainlit's page, which are the same for all.
FOR_ALL: Final = ("/static/", "/docs", "/public/", "/assets/", "/{full_path", "/logo", "/favicon", "/avatars/")


@dataclass(frozen=True, slots=True)
class World:
    """The service with two estates in it, and everybody who asks."""

    services: Services
    app: FastAPI
    estates: tuple[Estate, Estate]
    visitors: list[Visitor]

    def pairs(self) -> Iterator[tuple[Visitor, Estate]]:
        """Everybody with an estate that they may not enter."""
        for visitor in self.visitors:
            if closed := [estate for estate in self.estates if estate.name not in visitor.enters]:
                yield visitor, closed[0]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sandboxes: LentSandboxes, jobs_file: Path) -> Iterator[World]:
    """Built once: nothing that is asked here may change it."""
    folder = tmp_path_factory.mktemp("isolation")
    # Thousands of requests with keys that open nothing, all from one address.
    chosen = {"limits": {"requests_per_minute": 1_000_000}, "people": {"sign_in_tries_per_address": 1_000_000}}
    chosen |= {"answer": {"abstain_below": 0.03}}
    settings = load_settings({"data_dir": folder / "data", **chosen})
    shutil.copy(jobs_file, prepare_data_dir(settings.data_dir) / JOBS_FILE)
    services = open_with_fakes(settings)
    sandboxes.lend_to(services)
    app = build_app(services)
    one = build_estate(services, folder, "Ledger of the north", "zanzibar")
    two = build_estate(services, folder, "Ledger of the south", "quokka")
    with all_visitors(services, app, one, two) as visitors:
        yield World(services, app, (one, two), visitors)
    services.close()


def test_no_route_is_unknown_here(world: World) -> None:
    doors = list_doors(world.app)
    for estate in world.estates:
        for door in doors:
            assert "{" not in estate.fill(door.path), door
            _request(door, estate, with_optional=True)
    described = {(m.upper(), path) for path, methods in world.app.openapi()["paths"].items() for m in methods}
    assert described <= {(door.method, re.sub(r":\w+}", "}", door.path)) for door in doors}
    assert len(doors) > 200


def test_nobody_reaches_into_another_knowledge_base(world: World) -> None:
    doors = list_doors(world.app)
    before = _describe(world)
    calls, told = 0, []
    for visitor, estate in world.pairs():
        for door in _in_order(doors):
            n, tales = _try_door(visitor, door, estate)
            calls, told = calls + n, told + tales
        visitor.sign_in()
    for visitor in world.visitors:
        for door in (each for each in doors if each.path.startswith(OWN)):
            for estate in (each for each in world.estates if each.name in visitor.enters):
                n, tales = _try_door(visitor, door, estate)
                calls, told = calls + n, told + tales
    print(f"{calls} calls of {len(doors)} routes by {len(world.visitors)} visitors")
    assert told == []
    assert calls >= FEWEST_CALLS
    assert _describe(world) == before, "something was changed by somebody who was refused"


def test_what_is_refused_to_others_is_there_for_insiders(world: World) -> None:
    """Or nothing above would prove anything."""
    admin = next(visitor for visitor in world.visitors if visitor.is_admin)
    missing, telling = [], 0
    for estate in world.estates:
        for door in list_doors(world.app):
            is_own = door.path.startswith(OWN)
            asked = _request(door, estate, with_optional=True)
            if door.method != "GET" or is_own or door.path in HOLDS_NOTHING or not _is_about(door, estate, asked):
                continue
            answer = admin.send(door.method, estate.fill(door.path), **_parts(asked))
            telling += estate.marker in answer.text or estate.name in answer.text
            if answer.status in (404, 422):
                missing.append((door.path, answer.status, answer.text[:200]))
    assert missing == []
    assert telling > 50


def test_no_tool_reads_another_knowledge_base(world: World) -> None:
    wanted: dict[FunctionName, dict[str, str]] = {
        FunctionName.SEARCH_DOCUMENTS: {"query": "Which number is dear?"},
        FunctionName.QUERY_TABLE: {"question": "What is the highest price of a ware?"},
        FunctionName.READ_ALOUD: {"text": "Which number is dear?"},
        FunctionName.WEB_SEARCH: {},
        FunctionName.OPEN_PAGE: {},
    }
    outside = {FunctionName.WEB_SEARCH, FunctionName.OPEN_PAGE}
    found: dict[str, set[str]] = {}
    for visitor in world.visitors:
        access = visitor.caller().access if visitor.caller else Access("nobody", {})
        functions = build_functions(Assisted(access), world.services, last_answer="An answer.")
        assert {each.spec.name for each in functions} | outside == set(wanted) == set(FunctionName)
        for function in functions:
            if function.spec.name in outside:
                continue
            said = _run(function, wanted[FunctionName(function.spec.name)])
            read = {estate.name for estate in world.estates if estate.marker in said}
            assert read <= visitor.enters, (visitor.who, function.spec.name)
            found.setdefault(function.spec.name, set()).update(read)
    both = {estate.name for estate in world.estates}
    assert found[FunctionName.SEARCH_DOCUMENTS] == found[FunctionName.QUERY_TABLE] == both


def test_no_door_of_the_chat_opens_another_knowledge_base(world: World, tmp_path: Path) -> None:
    """What the chat's socket calls: every method of its backend that is told who asks."""
    backend = ServiceBackend(world.services)
    asked = {name for name, each in inspect.getmembers(ChatBackend, callable) if _asks_who(each)}
    file = tmp_path / "a.txt"
    file.write_text("words")
    for visitor in world.visitors:
        if visitor.caller is None or (caller := visitor.caller()).is_bounded:
            continue  # the chat has browsers only
        for estate in world.estates:
            twin = estate.elsewhere
            tried = {name: _call_backend(backend, name, caller.id, estate, file) for name in asked}
            nowhere = {name: _call_backend(backend, name, caller.id, twin, file) for name in asked}
            if estate.name in visitor.enters:
                continue
            for name, said in tried.items():
                assert estate.marker not in said, (visitor.who, name)
                assert estate.without_names(said) == twin.without_names(nowhere[name]), (visitor.who, name)
            assert estate.name not in tried["knowledge_bases"]


def test_a_command_names_only_what_may_be_read(world: World) -> None:
    for visitor in world.visitors:
        if visitor.caller is None:
            continue
        caller = visitor.caller()
        offer = Offer(frozenset(FunctionName), sorted(caller.access.readable), can_speak=True)
        for name in CommandName:
            for estate in (each for each in world.estates if each.name not in visitor.enters):
                planned = str(plan_message(f"/{name} {estate.name}: who?", None, offer, words_for("en")))
                twin = estate.elsewhere
                nowhere = str(plan_message(f"/{name} {twin.name}: who?", None, offer, words_for("en")))
                told = [
                    _without_call_ids(each) for each in (estate.without_names(planned), twin.without_names(nowhere))
                ]
                assert told[0] == told[1], (visitor.who, name)


def test_exports_hold_ones_own_and_nothing_else(world: World) -> None:
    doors = [door for door in list_doors(world.app) if "export" in door.path or "download" in door.path]
    assert len(doors) >= 4
    for visitor, estate in world.pairs():
        for door in doors:
            path = estate.fill(door.path) if not door.path.startswith("/admin/audit") else "/admin/audit/export/json"
            answer = visitor.send(door.method, path)
            assert estate.marker not in answer.text + _unzipped(answer.body), (visitor.who, door.path)
            assert estate.name not in answer.text.replace(quote(estate.name), ""), (visitor.who, door.path)


# --- asking ---------------------------------------------------------------------------------------


def _in_order(doors: list[Door]) -> list[Door]:
    """Those last after which one has to sign in again."""
    return sorted(doors, key=lambda door: door.path in LEAVES)


def _try_door(visitor: Visitor, door: Door, estate: Estate) -> tuple[int, list[tuple[Any, ...]]]:
    """How many calls were made, and what their answers told that they should not: with what the route must be given,
    and once more with all that it may be given.
    """
    told: list[tuple[Any, ...]] = []
    asked = [_request(door, estate, with_optional=each) for each in (False, True)]
    calls = 0
    # Whoever is shut out is told so before anything is read.
    times = 1 if asked[0] == asked[1] or visitor.caller is None else 2
    for with_optional, request in enumerate(asked[:times]):
        answer = visitor.send(door.method, estate.fill(door.path), **_parts(request))
        calls += 1
        is_about = _is_about(door, estate, request)
        tale = _find_tale(answer, estate, is_about=is_about)
        if is_about and not tale:
            twin = estate.elsewhere
            same = _request(door, twin, with_optional=bool(with_optional))
            nowhere = visitor.send(door.method, twin.fill(door.path), **_parts(same))
            calls += 1
            tale = _find_difference(door, answer, nowhere, estate)
        if tale:
            told.append((visitor.who, door.method, door.path, answer.status, tale, request))
    return calls, told


def _find_tale(answer: Answer, estate: Estate, *, is_about: bool) -> str:
    if estate.marker in answer.text + _unzipped(answer.body):
        return "holds its words"
    if not is_about and estate.name in answer.text:
        return "names it"
    return answer.text[:300] if answer.status >= 500 else ""


def _find_difference(door: Door, answer: Answer, nowhere: Answer, estate: Estate) -> str:
    """What tells a thing that is there from one that never was; and what is not refused, unless it is a page that does
    not look at what it was told.
    """
    if answer.status != nowhere.status:
        return f"{answer.text[:300]} and for what is not there: {nowhere.status} {nowhere.text[:300]}"
    # A list's mark is a digest of all that it shows, its own address too.
    shown = [re.sub(r"mark=[0-9a-f]{24}", "mark=", each.text) for each in (answer, nowhere)]
    texts = estate.without_names(shown[0]), estate.elsewhere.without_names(shown[1])
    if texts[0] != texts[1]:
        at = next((n for n, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), 0)
        return (
            f"{texts[0][max(0, at - 60) : at + 200]} and for what is not there: {texts[1][max(0, at - 60) : at + 200]}"
        )
    is_refused = answer.status in REFUSED or door.method in ("GET", "HEAD") or door.path in NAMES_NOTHING
    return "" if is_refused else answer.text[:300]


def _request(door: Door, estate: Estate, *, with_optional: bool = False) -> Request:
    if door.route is None:
        return Request()
    values = estate.values(door.path)
    made = request_for(door.route, values.get, with_optional=with_optional)
    if with_optional and door.method == "GET" and door.path.startswith("/admin"):
        # Lists read their filters from the address themselves.
        made = Request({"kb": estate.base_id, **made.query}, made.form, made.files, made.json)
    return made


def _parts(asked: Request) -> dict[str, Any]:
    return {"params": asked.query, "data": asked.form or None, "files": asked.files or None, "json": asked.json}


def _is_about(door: Door, estate: Estate, request: Request) -> bool:
    is_for_all = door.path.startswith(FOR_ALL) or door.path in LEAVES
    return not is_for_all and estate.is_named_in(estate.fill(door.path) + str(request))


def _unzipped(body: bytes) -> str:
    if not body.startswith(b"PK"):
        return ""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def _describe(world: World) -> list[object]:
    """What there is in the estates."""
    with world.services.database.read() as session:
        return [
            (
                [brief.id for brief in documents.list_briefs(session, [estate.base_id])],
                questions.list_of(session, estate.base_id),
                [each.id for each in sources.list_sources(session) if each.knowledge_base_id == estate.base_id],
                find_thread(session, estate.things["/api/v1/conversations"]["id"]),
            )
            for estate in world.estates
        ]


def _run(function: Any, arguments: dict[str, str]) -> str:
    try:
        return repr(asyncio.run(function.run(arguments, cancelled=Event())))
    except CloisterError as exc:
        return str(exc)


def _asks_who(method: Any) -> bool:
    return "user_id" in inspect.signature(method).parameters


def _call_backend(backend: ServiceBackend, name: str, user_id: str, estate: Estate, file: Path) -> str:
    """What a method of the backend gives or refuses, as text."""
    values = estate.values("/api/v1/jobs/")
    known: dict[str, Any] = {
        "question": "Which number is dear?",
        "user_id": user_id,
        "knowledge_bases": [estate.name],
        "history": [],
        "cancelled": Event(),
        "answer_id": "none",
        "manner": Manner(assistant=values["assistant"]),
        "assistant": values["assistant"],
        "job_id": values["id"],
        "with_items": True,
        "text": "Some words.",
        "sound": None,
        "language": "en",
        "files": [AttachedFile("a.txt", file)],
    }
    method = getattr(backend, name)
    takes = inspect.signature(method).parameters
    if name in ("hear", "add_files", "keep_spoken"):
        return ""  # they take what the person brings, and name nothing that is there
    try:
        made = method(**{parameter: known[parameter] for parameter in takes})
        return repr(asyncio.run(_collect(made) if inspect.isasyncgen(made) else made))
    except CloisterError as exc:
        return f"{type(exc).__name__}: {exc}"


def _without_call_ids(planned: str) -> str:
    return re.sub(r"id='[0-9a-f]{32}'", "", planned)


async def _collect(events: Any) -> list[Any]:
    async with aclosing(events) as stream:
        return [event async for event in stream]
