"""Signs that no person types, numbers beyond measure and headers out of order: refused or taken, and never a fault."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.domain import MemberRole
from app.services import Services
from tests.app.web.examples import Request, request_for
from tests.app.web.isolation.routes import Door, list_doors
from tests.app.web.signed_in import Browser
from tests.taking_in import open_base

Enter = Callable[..., Browser]
# As they stand in JSON; Python's own writer would refuse some of them.
STRINGS: Final = {
    "nothing": '""',
    "a null": '"a\\u0000b"',
    "half a sign": '"a\\ud800b"',
    "the other half": '"\\udfff"',
    "no sign of any language": '"\\uffff\\ufffe"',
    "backwards": '"\\u202eabc\\u2066"',
    "a quote": '"\'; DROP TABLE person; --"',
    "a pattern": '"%_[*](?:(?:"',
    "very long": json.dumps("x" * 100_000),
    "a path": '"../../../../etc/passwd"',
    "lines": '"a\\r\\nset-cookie: b=c\\r\\n\\r\\n"',
}
NUMBERS: Final = ("1e400", "-1e400", "NaN", "9" * 40, "-" + "9" * 40, "1.5", "true", "null", '"1"', "[]", "{}")
IN_PATH: Final = ("%00", "%ED%A0%80", "%FF", "a%0D%0Ab", "%2e%2e%2f%2e%2e", "x" * 5_000, "9" * 40, "-1", "%F0%9F%98%80")
HEADERS: Final = (
    {"accept-language": "\xff\xfe" * 50},
    {"accept-language": "de;q=x,,;;=,*"},
    {"authorization": "Bearer \xff\xfe"},
    {"authorization": "Bearer"},
    {"authorization": "bearer    "},
    {"cookie": "access_token=\xff; =; a=b=c;;"},
    {"content-type": "application/json; charset=none"},
    {"content-type": "multipart/form-data"},
    {"content-type": "multipart/form-data; boundary=\xff"},
    {"range": "bytes=9-1,a-b"},
    {"if-modified-since": "yesterday"},
    {"accept": "\x80"},
    {"user-agent": "\xff" * 2_000},
)
# They write for as long as they are read, or load every engine.
LEFT_OUT: Final = {"/api/v1/doctor"}


@pytest.fixture
def api(app: FastAPI, services: Services) -> TestClient:
    services.ingest()
    headers = {"authorization": f"Bearer {services.local_token}"}
    return TestClient(app, headers=headers, raise_server_exceptions=False, follow_redirects=False)


def test_no_text_in_a_body_is_a_fault(app: FastAPI, api: TestClient, services: Services) -> None:
    open_base(services)
    faults, sent = [], 0
    for door, asked in _with_json(app):
        for label, value in STRINGS.items():
            body = json.dumps(asked.json).replace('"@"', value)
            answer = api.request(door.method, _fill(door.path, "Documents"), content=body, headers=JSON)
            sent += 1
            if answer.status_code >= 500:
                faults.append((door.method, door.path, label, answer.status_code))
    assert "\n".join(map(repr, faults)) == ""
    assert sent > 100


JSON: Final = {"content-type": "application/json"}


def test_no_number_in_a_body_is_a_fault(app: FastAPI, api: TestClient, services: Services) -> None:
    open_base(services)
    faults = []
    for door, asked in _with_json(app):
        for value in NUMBERS:
            for body in (value, json.dumps(asked.json).replace('"@"', value), _numbers(asked.json, value)):
                answer = api.request(door.method, _fill(door.path, "Documents"), content=body, headers=JSON)
                if answer.status_code >= 500:
                    faults.append((door.method, door.path, value, answer.status_code))
    assert "\n".join(map(repr, faults)) == ""


def test_no_address_is_a_fault(app: FastAPI, api: TestClient, admin: Browser) -> None:
    faults, sent = [], 0
    pages = TestClient(app, cookies=admin.client.cookies, raise_server_exceptions=False, follow_redirects=False)
    for door in list_doors(app):
        if "{" not in door.path or door.method not in ("GET", "DELETE"):
            continue
        for value in IN_PATH:
            client = api if door.path.startswith("/api/") else pages
            answer = client.request(door.method, _fill(door.path, value))
            sent += 1
            if answer.status_code >= 500:
                faults.append((door.method, door.path, value[:20], answer.status_code))
    assert "\n".join(map(repr, faults)) == ""
    assert sent > 300


@pytest.mark.parametrize("value", ["\0", "9" * 40, "-" + "9" * 40, "nan", "%", "\ufffd", "x" * 2_000, "1e400"])
def test_no_filter_of_a_list_is_a_fault(app: FastAPI, admin: Browser, api: TestClient, value: str) -> None:
    pages = TestClient(app, cookies=admin.client.cookies, raise_server_exceptions=False, follow_redirects=False)
    names = ("q", "page", "sort", "status", "kb", "person", "deed", "since", "until", "days", "state", "url", "limit")
    names += ("start", "end", "width", "pinned", "outcomes", "format", "voice", "speed", "number", "language")
    faults = []
    for door in list_doors(app):
        if door.method != "GET" or door.path in LEFT_OUT:
            continue
        client = api if door.path.startswith("/api/") else pages
        answer = client.get(_fill(door.path, "none"), params=dict.fromkeys(names, value))
        if answer.status_code >= 500:
            faults.append((door.path, answer.status_code))
    assert "\n".join(map(repr, faults)) == ""


def test_no_header_is_a_fault(app: FastAPI, services: Services, enter: Enter) -> None:
    member = enter("Ben", roles={open_base(services).id: MemberRole.READER})
    client = TestClient(app, cookies=member.client.cookies, raise_server_exceptions=False, follow_redirects=False)
    faults = []
    for headers in HEADERS:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        for door in list_doors(app):
            if door.path in LEFT_OUT or door.method == "HEAD":
                continue
            answer = client.request(door.method, _fill(door.path, "none"), headers=raw, content=b"{")
            if answer.status_code >= 500:
                faults.append((door.method, door.path, headers, answer.status_code))
    assert "\n".join(map(repr, faults)) == ""


def _with_json(app: FastAPI) -> list[tuple[Door, Request]]:
    """The routes of the API that take JSON, with "@" in the place of every text."""
    found = []
    for door in list_doors(app):
        if door.route is None or not door.path.startswith("/api/"):
            continue
        asked = request_for(door.route, lambda name: None)
        if asked.json is not None:
            found.append((door, Request(json=_texts(asked.json))))
    return found


def _texts(value: Any) -> Any:
    match value:
        case str():
            return "@"
        case list():
            return [_texts(each) for each in value]
        case dict():
            return {name: _texts(each) for name, each in value.items()}
        case _:
            return value


def _numbers(value: Any, number: str) -> str:
    """The body with this in the place of every number."""
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(name)}: {_numbers(each, number)}" for name, each in value.items())
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_numbers(each, number) for each in value) + "]"
    return number if isinstance(value, int | float) else json.dumps(value)


def _fill(path: str, value: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda _: value, path)
