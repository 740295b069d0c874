"""Addresses and schemes behind proxies; cookies; what other sites make a browser send."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from app.web.proxies import PROXIED, Proxies

PROXY, STRANGER = "10.0.0.2", "203.0.113.9"


def see(peer: str, **headers: str) -> dict[str, object]:
    """What the service sees of a request from this peer, with 10.0.0.0/24 and fd00::/64 trusted."""
    app = FastAPI()

    @app.get("/")
    def show(request: Request) -> Response:
        assert request.client
        answer = JSONResponse([request.client.host, request.url.scheme, request.scope[PROXIED]])
        answer.set_cookie("a", "1")
        return answer

    client = TestClient(Proxies(app, trusted=["10.0.0.0/24", "fd00::/64"]), client=(peer, 5000))
    answer = client.get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    host, scheme, is_proxied = answer.json()
    return {"host": host, "scheme": scheme, "proxied": is_proxied, "cookie": answer.headers["set-cookie"]}


def test_a_stranger_is_who_they_are_whatever_they_say() -> None:
    seen = see(STRANGER, x_forwarded_for="127.0.0.1", x_forwarded_proto="https", x_forwarded_host="evil.example")
    assert (seen["host"], seen["scheme"], seen["proxied"]) == (STRANGER, "http", False)


@pytest.mark.parametrize("peer", [PROXY, f"::ffff:{PROXY}", "fd00::7"])
def test_a_proxy_of_ours_is_believed(peer: str) -> None:
    seen = see(peer, x_forwarded_for=STRANGER, x_forwarded_proto="https")
    assert (seen["host"], seen["scheme"], seen["proxied"]) == (STRANGER, "https", True)


@pytest.mark.parametrize(
    ("chain", "who"),
    [
        (f"127.0.0.1, {STRANGER}", STRANGER),
        (f"127.0.0.1, {STRANGER}, 10.0.0.9", STRANGER),
        (f"{STRANGER}:4711", STRANGER),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        (f"::ffff:{STRANGER}", STRANGER),
        ("<script>", ""),
        ("", PROXY),
    ],
)
def test_the_chain_is_read_from_its_right_end(chain: str, who: str) -> None:
    assert see(PROXY, x_forwarded_for=chain)["host"] == who


def test_cookies_of_a_visit_by_https_are_secure() -> None:
    assert "; Secure" in str(see(PROXY, x_forwarded_proto="https")["cookie"])
    assert "secure" not in str(see(PROXY)["cookie"]).lower()


def test_the_address_of_a_session_is_the_visitors_and_not_the_proxys(
    app: FastAPI, enter: Callable[..., object]
) -> None:
    """In the whole service, with nobody trusted: what the header says is nobody's address."""
    enter("Ben")
    client = TestClient(app, client=(STRANGER, 5000))
    client.post(
        "/login", data={"username": "Ben", "password": "correct horse battery"}, headers={"x-forwarded-for": PROXY}
    )
    page = client.get("/account").text
    assert STRANGER in page
    assert PROXY not in page
