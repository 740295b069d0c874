"""The reverse proxy by itself: what it tells Cloister, and to which process it brings a visit."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.deploy.reverse_proxy import Proxy, proxying, proxying_with_caddy, require_nginx, write_configuration
from tests.local_server import QuietHandler, listening

CLAIMED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-User": "admin",
    "X-Forwarded-Groups": "admins",
}


def answering_as(name: str) -> type[QuietHandler]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps({"name": name, "headers": dict(self.headers)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    require_nginx()
    with ExitStack() as stack:
        ports = [stack.enter_context(listening(answering_as(name))) for name in ("one", "two", "three")]
        yield stack.enter_context(proxying(tmp_path_factory.mktemp("nginx"), *ports))


@pytest.fixture
def visitor() -> Iterator[httpx.Client]:
    with httpx.Client(verify=False) as client:  # a certificate of the test's own
        yield client


def test_nginx_takes_the_configuration_without_a_warning(tmp_path: Path) -> None:
    require_nginx()
    configuration = write_configuration(tmp_path, [1], 8443, 8080)
    checked = subprocess.run(["nginx", "-t", "-q", "-c", str(configuration)], capture_output=True, text=True)
    said = [line for line in checked.stderr.splitlines() if "could not open error log" not in line]
    assert (checked.returncode, said) == (0, [])


def test_one_visit_stays_at_one_process_and_visits_are_spread(proxy: Proxy, visitor: httpx.Client) -> None:
    def reached(visit: int) -> set[str]:
        cookie = {"Cookie": f"access_token=t; X-Chainlit-Session-id=0000-{visit}; theme=dark"}
        return {str(visitor.get(proxy.url, headers=cookie).json()["name"]) for _ in range(4)}

    by_visit = [reached(visit) for visit in range(24)]
    assert {len(names) for names in by_visit} == {1}
    assert set.union(*by_visit) == {"one", "two", "three"}


def test_without_a_visit_the_address_decides(proxy: Proxy, visitor: httpx.Client) -> None:
    assert len({visitor.get(proxy.url).json()["name"] for _ in range(12)}) == 1


def test_what_a_visitor_claims_to_be_does_not_arrive(proxy: Proxy, visitor: httpx.Client) -> None:
    arrived = visitor.get(proxy.url, headers=CLAIMED).json()["headers"]
    assert arrived["X-Forwarded-For"] == "127.0.0.1"
    assert arrived["X-Forwarded-Proto"] == "https"
    assert "X-Forwarded-User" not in arrived
    assert "X-Forwarded-Groups" not in arrived


def test_plain_http_leads_to_https(proxy: Proxy, visitor: httpx.Client) -> None:
    moved = visitor.get(f"{proxy.plain_url}/thread/1?a=b")
    assert moved.status_code == 308
    assert moved.headers["Location"] == "https://127.0.0.1/thread/1?a=b"
    assert visitor.get(proxy.url).headers["Server"] == "nginx"


def test_caddy_as_its_example_says_keeps_visits_together_and_drops_what_a_visitor_claims(
    tmp_path: Path, visitor: httpx.Client
) -> None:
    if not shutil.which("caddy"):
        pytest.skip("NO CADDY: configs/proxy/Caddyfile is not tried")
    with ExitStack() as stack:
        ports = [stack.enter_context(listening(answering_as(name))) for name in ("one", "two", "three")]
        url = stack.enter_context(proxying_with_caddy(tmp_path, *ports))
        first = visitor.get(url)
        assert first.headers["Set-Cookie"].startswith("cloister_process=")
        assert {visitor.get(url).json()["name"] for _ in range(9)} == {first.json()["name"]}
        names = {httpx.get(url, verify=False).json()["name"] for _ in range(30)}
        assert names == {"one", "two", "three"}
        arrived = visitor.get(url, headers=CLAIMED).json()["headers"]
    assert arrived["X-Forwarded-For"] == "127.0.0.1"
    assert arrived["X-Forwarded-Proto"] == "https"
    assert not {"X-Forwarded-User", "X-Forwarded-Groups"} & arrived.keys()
