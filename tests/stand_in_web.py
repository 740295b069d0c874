"""A web for tests: a SearXNG and the pages that it finds, on one free loopback port.

with StandInWeb() as web:
    web.results = [web.result("Guide", "/guide")]
    web.pages["/guide"] = Page("<h1>Guide</h1> …")

The pages' host is PAGES, which a `resolve` of the test's own leads here.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGES = "pages.example"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """What is sent for a path."""

    body: str | bytes = ""
    status: int = 200
    kind: str = HTML
    headers: dict[str, str] = field(default_factory=dict)


class StandInWeb:
    """`queries` and `opened` say what was asked of the search engine and of the pages, in order.

    `answer` replaces the search engine's JSON; with `is_hung` it says nothing until it is closed.
    """

    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []
        self.silent: list[list[str]] = []
        self.answer: Page | None = None
        self.is_hung = False
        self.pages: dict[str, Page] = {}
        self.queries: list[str] = []
        self.opened: list[str] = []
        self.closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        """The search engine's address."""
        return f"http://127.0.0.1:{self.port}"

    def page_url(self, path: str) -> str:
        return f"http://{PAGES}:{self.port}{path}"

    def result(self, title: str, path: str, snippet: str = "") -> dict[str, Any]:
        """A result in the shape that a real SearXNG gives it."""
        return {
            "template": "default.html",
            "title": title,
            "content": snippet,
            "img_src": "",
            "thumbnail": "",
            "publishedDate": None,
            "priority": "",
            "engines": ["stub"],
            "positions": [1],
            "score": 1.0,
            "category": "general",
            "url": self.page_url(path),
            "engine": "stub",
            "parsed_url": ["http", f"{PAGES}:{self.port}", path, "", "", ""],
        }

    def __enter__(self) -> "StandInWeb":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def resolve_to_here() -> Callable[[str, int], Awaitable[list[str]]]:
    """Looks PAGES up as this machine, and knows no other host."""

    async def resolve(host: str, port: int) -> list[str]:
        if host in (PAGES, f"www.{PAGES}"):
            return ["127.0.0.1"]
        if host == "inside.example":
            return ["10.0.0.8"]
        raise OSError("no such host")

    return resolve


def _handler_for(web: StandInWeb) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if self.headers["Host"].startswith("127.0.0.1"):
                web.queries.append(parse_qs(parts.query).get("q", [""])[0])
                self._search(parse_qs(parts.query))
            else:
                web.opened.append(self.path)
                self._send(web.pages.get(parts.path, Page("<p>No such page.</p>", 404)))

        def log_message(self, *_: object) -> None:
            """Silent: test output stays readable."""

        def _search(self, asked: dict[str, list[str]]) -> None:
            if web.is_hung:
                web.closing.wait(30)
                return
            if web.answer:
                self._send(web.answer)
            elif not asked.get("q"):
                self._send(Page('{"error":"No query"}', 400, "application/json"))
            else:
                shape = {"answers": [], "corrections": [], "infoboxes": [], "suggestions": []}
                found = {"query": asked["q"][0], "results": web.results, **shape, "unresponsive_engines": web.silent}
                self._send(Page(json.dumps(found), 200, "application/json"))

        def _send(self, page: Page) -> None:
            body = page.body if isinstance(page.body, bytes) else page.body.encode()
            self.close_connection = True
            self.send_response(page.status)
            for name, value in {"Content-Type": page.kind, "Content-Length": str(len(body)), **page.headers}.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body)

    return Handler
