"""A small site on this machine that answers as a test says, and notes what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from tests.local_server import QuietHandler, listening


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


@dataclass
class Site:
    """`pages`: answers by path with its query, or what makes one of the request's headers. Unknown paths are 404."""

    pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    posts: dict[str, Answer] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)
    host: str = "wiki.corp"
    port: int = 0

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def link(self, *paths: str, title: str = "Page", text: str = "Some words.") -> Answer:
        links = "".join(f'<p><a href="{path}">to {path}</a></p>' for path in paths)
        return Answer(f"<html><head><title>{title}</title></head><body><main>{text}{links}</main></body></html>")

    @contextmanager
    def served(self) -> Iterator["Site"]:
        site, lock = self, Lock()

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                with lock:
                    site.asked.append(self.path)
                found = site.pages.get(self.path, Answer("Not there.", 404))
                answer = found({k.lower(): v for k, v in self.headers.items()}) if callable(found) else found
                self._send(answer)

            def do_POST(self) -> None:
                site.posted[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._send(site.posts.get(self.path, Answer("Not there.", 404)))

            def _send(self, answer: Answer) -> None:
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in answer.headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        with listening(Handler) as self.port:
            yield self
