"""The client on real sockets: what a hostile site could try."""

import asyncio
import gzip
import zlib
from collections.abc import Iterator
from typing import ClassVar

import httpx
import pytest

from app.egress.addresses import AddressGuard, AddressRefused, resolve
from app.egress.client import AnswerTooLarge, AnswerUnreadable, Bounds, Credentials, open_client
from app.errors import Rejected
from tests.local_server import QuietHandler, listening

MIB = 1 << 20
SECRET = {"X-Wiki-Token": "s3cret", "Authorization": "Bearer s3cret"}


class Site(QuietHandler):
    """Answers by path; `seen` lists the headers of every request."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        match self.path.partition("?")[0]:
            case "/gzip":
                self._give(gzip.compress(b"Hello."), ("Content-Encoding", "gzip"))
            case "/deflate":
                self._give(zlib.compress(b"Hello."), ("Content-Encoding", "deflate"))
            case "/bomb":
                self._give(gzip.compress(bytes(64 * MIB)), ("Content-Encoding", "gzip"))
            case "/broken":
                self._give(b"not packed", ("Content-Encoding", "gzip"))
            case "/brotli":
                self._give(b"?", ("Content-Encoding", "br"))
            case "/long":
                self._endless()
            case "/huge":
                self._give(b"", ("Content-Length", str(2 << 30)))
            case "/loop":
                self._give(b"", ("Location", "/loop"), status=302)
            case "/to":
                self._give(b"", ("Location", self.path.partition("?")[2]), status=302)
            case _:
                self._give(b"Hello.")

    def _give(self, body: bytes, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers or (("Content-Length", str(len(body))),):
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _endless(self) -> None:
        self._give(b"", ("Content-Type", "text/plain"))
        try:
            while True:
                self.wfile.write(bytes(MIB))
        except OSError:
            pass


@pytest.fixture
def port() -> Iterator[int]:
    Site.seen.clear()
    with listening(Site) as port:
        yield port


async def here(host: str, port: int) -> list[str]:
    """Every name is this machine, but for those that are addresses."""
    return await resolve(host, port) if host[0].isdigit() else ["127.0.0.1"]


def fetch(url: str, *, credentials: Credentials | None = None, max_mb: int = 2) -> httpx.Response:
    async def run() -> httpx.Response:
        guard = AddressGuard(["wiki.corp", "other.corp"])
        bounds = Bounds(max_mb=max_mb, timeout_s=10)
        async with open_client(
            guard, user_agent="Cloister", bounds=bounds, credentials=credentials, resolve=here
        ) as client:
            return await client.get(url, follow_redirects=True)

    return asyncio.run(run())


@pytest.mark.parametrize("path", ["", "gzip", "deflate"])
def test_an_answer_is_read_however_it_is_packed(port: int, path: str) -> None:
    assert fetch(f"http://wiki.corp:{port}/{path}").text == "Hello."
    assert Site.seen[0]["user-agent"] == "Cloister"


@pytest.mark.parametrize("path", ["bomb", "long", "huge"])
def test_an_answer_beyond_the_limit_is_given_up(port: int, path: str) -> None:
    with pytest.raises(AnswerTooLarge, match="larger than 2 MiB"):
        fetch(f"http://wiki.corp:{port}/{path}")


def test_an_answer_up_to_the_limit_is_read(port: int) -> None:
    assert len(fetch(f"http://wiki.corp:{port}/bomb", max_mb=64).content) == 64 * MIB


@pytest.mark.parametrize("path", ["broken", "brotli"])
def test_an_answer_that_cannot_be_unpacked_is_refused(port: int, path: str) -> None:
    with pytest.raises(AnswerUnreadable):
        fetch(f"http://wiki.corp:{port}/{path}")


def test_a_redirect_loop_ends(port: int) -> None:
    with pytest.raises(httpx.TooManyRedirects):
        fetch(f"http://wiki.corp:{port}/loop")
    assert len(Site.seen) == 6


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/", "http://169.254.169.254/latest/meta-data/"])
def test_a_redirect_to_an_address_that_may_not_be_asked_is_refused(port: int, target: str) -> None:
    with pytest.raises(AddressRefused):
        fetch(f"http://wiki.corp:{port}/to?{target.format(port=port)}")
    assert len(Site.seen) == 1


def test_a_redirect_to_a_file_is_refused(port: int) -> None:
    with pytest.raises((Rejected, httpx.UnsupportedProtocol)):
        fetch(f"http://wiki.corp:{port}/to?file:///etc/passwd")


def test_credentials_reach_their_own_host_only_also_after_a_redirect(port: int) -> None:
    credentials = Credentials(f"http://wiki.corp:{port}", SECRET)
    fetch(f"http://wiki.corp:{port}/to?http://other.corp:{port}/there", credentials=credentials)
    first, second = Site.seen
    assert first["x-wiki-token"] == "s3cret"
    assert first["authorization"] == "Bearer s3cret"
    assert "x-wiki-token" not in second
    assert "authorization" not in second
    assert "s3cret" not in repr(credentials)


def test_a_proxy_in_the_environment_is_not_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert fetch(f"http://wiki.corp:{port}/").text == "Hello."
