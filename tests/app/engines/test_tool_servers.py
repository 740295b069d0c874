"""The engine that asks tool servers, against real ones: kind, slow, huge, dead and odd."""

import asyncio
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from app.domain.tool_servers import OfferedFunction, OutsideAnswer
from app.egress.addresses import AddressGuard, AddressRefused
from app.engines.tool_servers.client import MOST_MB, ToolServerAddress, call_function, list_functions
from app.errors import CloisterError, EngineUnavailable, Rejected
from tests.app.tools.outside_server import KEY, TAKES_TEXT, Tickets, open_tickets
from tests.local_server import QuietHandler, listening
from tests.running_service import free_port


def address(url: str, key: str = KEY, timeout_s: float = 20, internal: str = "127.0.0.1") -> ToolServerAddress:
    return ToolServerAddress(url, key, AddressGuard([internal], outside=False), "Cloister", timeout_s)


async def let_pass(_offered: list[OfferedFunction]) -> None:
    return None


def call(server: ToolServerAddress, name: str = "find", **arguments: str) -> OutsideAnswer:
    return asyncio.run(call_function(server, name, arguments, check=let_pass))


@pytest.fixture(params=[True, False], ids=["json", "stream"])
def tickets(request: pytest.FixtureRequest) -> Tickets:
    tickets = Tickets(is_json=request.param)
    tickets.offer("find")
    return tickets


@pytest.fixture
def url(tickets: Tickets) -> Iterator[str]:
    with open_tickets(tickets) as url:
        yield url


def test_functions_are_listed_and_called_with_the_key(tickets: Tickets, url: str) -> None:
    (found,) = asyncio.run(list_functions(address(url)))
    assert (found.name, found.description, found.parameters) == ("find", "Find tickets.", TAKES_TEXT)
    assert call(address(url), text="printer") == OutsideAnswer("Ticket 4711 is open.")
    assert tickets.called == [("find", {"text": "printer"})]
    assert tickets.keys == {f"Bearer {KEY}"}


def test_what_a_function_cannot_do_is_its_answer(tickets: Tickets, url: str) -> None:
    tickets.results["find"] = ValueError("no such queue")
    assert call(address(url), text="x") == OutsideAnswer("no such queue", is_error=True)


def test_a_call_that_the_check_refuses_is_not_sent(tickets: Tickets, url: str) -> None:
    async def refuse(offered: list[OfferedFunction]) -> None:
        assert [each.name for each in offered] == ["find"]
        raise Rejected("Not this one.")

    with pytest.raises(Rejected, match="Not this one"):
        asyncio.run(call_function(address(url), "find", {}, check=refuse))
    assert tickets.called == []


def test_a_wrong_key_is_told(tickets: Tickets, url: str) -> None:
    with pytest.raises(Rejected, match="does not take the key"):
        asyncio.run(list_functions(address(url, key="wrong")))


def test_a_server_that_thinks_on_and_on_is_given_up(tickets: Tickets, url: str) -> None:
    async def think() -> str:
        await asyncio.sleep(30)
        return "late"

    tickets.results["find"] = think
    with pytest.raises(EngineUnavailable, match=r"did not answer within 0\.5 s"):
        call(address(url, timeout_s=0.5), text="x")


def test_an_answer_beyond_all_bounds_is_given_up_at_once(tickets: Tickets, url: str) -> None:
    tickets.results["find"] = "x" * ((MOST_MB << 20) + 1)
    with pytest.raises(Rejected, match="larger than 4 MiB"):
        call(address(url), text="x")


def test_a_dead_server_is_told() -> None:
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        asyncio.run(list_functions(address(f"http://127.0.0.1:{free_port()}/mcp")))


def test_a_server_may_not_be_anywhere() -> None:
    with pytest.raises(AddressRefused):
        asyncio.run(list_functions(address("http://127.0.0.1:9/mcp", internal="other.example")))
    with pytest.raises(AddressRefused):
        asyncio.run(list_functions(address("http://169.254.169.254/mcp", internal="169.254.169.254")))


def handler(status: int, kind: str, body: bytes, **headers: str) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (lambda: handler(200, "text/html", b"<h1>Hello</h1>"), Rejected),
        (lambda: handler(200, "application/json", b"{}"), Rejected),
        (lambda: handler(200, "application/json", b"not json"), Rejected),
        (lambda: handler(500, "text/plain", b"secret words"), EngineUnavailable),
        (lambda: handler(404, "text/plain", b""), Rejected),
        (lambda: handler(307, "text/plain", b"", location="http://127.0.0.1:1/other"), EngineUnavailable),
    ],
    ids=["a page", "another JSON", "no JSON", "an error", "nothing there", "sent elsewhere"],
)
def test_what_is_no_tool_server_is_told_without_its_words(
    answers: Callable[[], type[BaseHTTPRequestHandler]], error: type[CloisterError], caplog: pytest.LogCaptureFixture
) -> None:
    with listening(answers()) as port, pytest.raises(error) as caught:
        asyncio.run(list_functions(address(f"http://127.0.0.1:{port}/mcp", timeout_s=5)))
    assert "secret words" not in str(caught.value) + caplog.text
    assert "within" not in str(caught.value), "it is told at once"
