"""Every answer of every route, errors included: what it tells the browser."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from starlette.routing import Mount, Router

from app.services import Services
from app.settings import load_settings
from app.web.guards import guard
from app.web.headers import hash_inline, policy
from tests.app.web.signed_in import Browser

ALWAYS = {
    "x-content-type-options": {"nosniff"},
    "x-frame-options": {"DENY"},
    "referrer-policy": {"same-origin", "no-referrer", "strict-origin"},
    "cross-origin-opener-policy": {"same-origin"},
    "cross-origin-resource-policy": {"same-origin"},
}
ELSEWHERE = "https://evil.example"
NOWHERE = [("GET", "/nothing/here"), ("POST", "/nothing"), ("GET", "/api/v1/nothing"), ("GET", "/admin/nothing")]
# Answers without an end.
ENDLESS = re.compile(r"/admin/jobs/\{id\}/events|/ws/")


def list_routes(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path below, those of included routers and of mounted apps too."""
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from list_routes(route.effective_candidates(), prefix)
        elif isinstance(route, Mount):
            yield "GET", f"{prefix}{route.path}/nothing"
            yield from list_routes(route.routes or [], prefix + route.path)
        elif hasattr(route, "path") and hasattr(route, "methods"):
            for method in sorted(route.methods or {"GET"}):
                yield method, prefix + route.path


def all_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Ours, the records', and those of the chat library behind them."""
    chat: Any = app.router.default
    routers: list[Router] = [app.router, chat._app.router]
    found = [each for router in routers for each in list_routes(router.routes)]
    kept = [(method, re.sub(r"\{\w+(:\w+)?\}", "none", path)) for method, path in found if not ENDLESS.search(path)]
    return [*NOWHERE, *dict.fromkeys(kept)]


def find_faults(answer: Response) -> list[str]:
    """What is wrong with the headers of an answer."""
    headers = answer.headers
    said = headers.get("content-security-policy", "")
    # The one script that pages of other sites name.
    also = {"cross-origin"} if answer.url.path == "/widget.js" else set()
    faults = [f"{name}: {headers.get(name)}" for name, good in ALWAYS.items() if headers.get(name) not in good | also]
    # A file from the stores is shut away in a sandbox instead.
    if (
        not said.startswith(("default-src 'none'", "sandbox"))
        or "frame-ancestors" not in said + "sandbox frame-ancestors"
    ):
        faults.append(f"policy: {said}")
    if "unsafe-inline" in said.split("style-src")[0] or "unsafe-eval" in said or "*" in said or "http" in said:
        faults.append(f"policy: {said}")
    if "permissions-policy" not in headers:
        faults.append("no permissions policy")
    faults += [f"{name} is for others" for name in headers if name.startswith("access-control-")]
    for line in headers.get_list("set-cookie"):
        for cookie in SimpleCookie(line).values():
            is_kept = cookie["max-age"] != "0"
            if (is_kept and not cookie["httponly"]) or cookie["samesite"].lower() not in ("lax", "strict"):
                faults.append(f"cookie: {cookie.key}")
    return faults


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_every_answer_of_every_route_carries_the_headers(app: FastAPI, admin: Browser, is_signed_in: bool) -> None:
    client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    if is_signed_in:
        client.cookies = admin.client.cookies
    faults: dict[str, list[str]] = {}
    routes = all_routes(app)
    statuses = set()
    # The way out comes last: behind it there is nobody any more.
    for method, path in sorted(routes, key=lambda each: "logout" in each[1]):
        answer = client.request(method, path)
        statuses.add(answer.status_code)
        if found := find_faults(answer):
            faults[f"{method} {path} {answer.status_code}"] = found
        if answer.headers.get("cache-control") is None and "static" not in path and "assets" not in path:
            assert path.startswith(("/public/", "/favicon", "/logo")), path
    assert faults == {}
    assert len(routes) > 200
    assert {200, 404, 422} <= statuses if is_signed_in else {200, 303, 401, 404} <= statuses


def test_an_answer_to_an_unforeseen_error_carries_them_too(app: FastAPI) -> None:
    app.add_api_route("/broken", lambda: 1 / 0)
    answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert answer.status_code == 500
    assert find_faults(answer) == []


def test_no_other_origin_is_told_that_it_may_read(app: FastAPI, admin: Browser) -> None:
    asked = {"origin": ELSEWHERE, "access-control-request-method": "GET"}
    for path in sorted({path for _, path in all_routes(app)}):
        for answer in (
            admin.client.options(path, headers=asked),
            admin.client.get(path, headers={"origin": ELSEWHERE}),
        ):
            assert [name for name in answer.headers if name.startswith("access-control-")] == [], path


def test_a_page_of_the_chat_runs_no_script_but_those_it_came_with(app: FastAPI) -> None:
    client = TestClient(app)
    first, second = client.get("/"), client.get("/login")
    scripts = hash_inline("script", first.text)
    assert len(scripts) >= 3
    assert set(scripts) <= set(first.headers["content-security-policy"].split("script-src ")[1].split(";")[0].split())
    marks = [re.search(r"'nonce-([\w-]{20,})'", each.headers["content-security-policy"]) for each in (first, second)]
    assert marks[0]
    assert marks[1]
    assert marks[0][1] != marks[1][1]
    assert f'nonce="{marks[0][1]}"' in first.text


def test_https_is_insisted_on_where_people_use_it(services: Services) -> None:
    for url, said in (("", None), ("https://ask.example.com", "max-age=31536000")):
        app = FastAPI()
        data_dir = services.settings.data_dir
        services.settings = load_settings({"data_dir": data_dir, "server": {"public_url": url}})
        guard(app, services)
        assert TestClient(app).get("/").headers.get("strict-transport-security") == said


def test_a_policy_allows_what_it_names_and_nothing_else() -> None:
    assert policy() == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    assert "img-src 'self'" in policy(img_src="'self'")
