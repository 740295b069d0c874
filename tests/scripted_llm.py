"""A language-model server for tests: it speaks the OpenAI chat API and says what the test wrote down.

with ScriptedLlm() as llm:
    llm.replies.append(Reply(pieces=("Good ", "morning")))
    ask(llm.url)
    assert llm.chats[0].body["messages"][0]["content"] == "Hello?"
"""

import json
import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

CHAT_PATH = "/v1/chat/completions"
MODEL = "scripted"


@dataclass(frozen=True)
class Reply:
    """One answer to a chat request.

    `delay_s` passes before the first byte and before each further piece. A `status` other than 200
    sends `body` as JSON; `raw` replaces the stream's bytes; `is_cut_short` ends the stream after the pieces.
    `thoughts` come before the pieces, as reasoning. `calls` come after them, each a name with its arguments as JSON
    text: in pieces of their own or, `in_one`, all in one piece, as Ollama sends them. `ending`: why it ended.
    """

    pieces: tuple[str, ...] = ("OK.",)
    calls: tuple[tuple[str, str], ...] = ()
    thoughts: tuple[str, ...] = ()
    delay_s: float = 0.0
    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    is_cut_short: bool = False
    in_one: bool = False
    ending: str = "stop"


@dataclass(frozen=True)
class Recorded:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class ScriptedLlm:
    """Listens on a free loopback port. `replies` are used in order; without any it says `usual`, which is "OK."

    `calls` holds JSON answers of other paths, for example `{"/props": {…}}`; an `int` is a bare status.
    `hung_up` is set when a client leaves in the middle of an answer.
    """

    def __init__(self, usual: Reply = Reply()) -> None:
        self.usual = usual
        self.replies: list[Reply] = []
        self.calls: dict[str, dict[str, Any] | int] = {"/v1/models": {"object": "list", "data": [{"id": MODEL}]}}
        self.requests: list[Recorded] = []
        self.hung_up = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The address that a client is given."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def chats(self) -> list[Recorded]:
        """The chat requests so far."""
        return [request for request in self.requests if request.path == CHAT_PATH]

    def usual_for(self, body: dict[str, Any]) -> Reply:
        """What is said where nothing else was written down; asked to choose a tool, that none is needed."""
        return Reply() if body.get("tools") else self.usual

    def __enter__(self) -> "ScriptedLlm":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler_for(llm: ScriptedLlm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, *_: object) -> None:
            """Silent: test output stays readable."""

        def _answer(self, body: dict[str, Any]) -> None:
            self.close_connection = True
            llm.requests.append(Recorded(self.command, self.path, dict(self.headers), body))
            try:
                if self.path == CHAT_PATH:
                    self._chat(
                        llm.replies.pop(0) if llm.replies else llm.usual_for(body), is_stream=bool(body.get("stream"))
                    )
                else:
                    call = llm.calls.get(self.path, 404)
                    self._send_json(*((call, {}) if isinstance(call, int) else (200, call)), {})
            except ConnectionError:
                llm.hung_up.set()

        def _chat(self, reply: Reply, *, is_stream: bool) -> None:
            self._wait(reply.delay_s)
            if reply.status != 200:
                self._send_json(reply.status, reply.body, reply.headers)
            elif is_stream:
                self._send_head(200, {"Content-Type": "text/event-stream"})
                for event in [reply.raw] if reply.raw is not None else _events(reply):
                    self.wfile.write(event)
                    self._wait(reply.delay_s)
            else:
                self._send_json(200, _completion(reply), {})

        def _send_json(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
            self._send_head(status, {"Content-Type": "application/json", **headers})
            self.wfile.write(json.dumps(body).encode())

        def _send_head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()

        def _wait(self, seconds: float) -> None:
            """Sleep, but notice a client that leaves."""
            readable, _, _ = select.select([self.connection], [], [], seconds)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError

    return Handler


def _events(reply: Reply) -> Iterator[bytes]:
    for thought in reply.thoughts:
        yield _event(_chunk({"role": "assistant", "reasoning_content": thought}, None))
    for piece in reply.pieces:
        yield _event(_chunk({"role": "assistant", "content": piece}, None))
    for deltas in _call_deltas(reply):
        yield _event(_chunk({"role": "assistant", "tool_calls": deltas}, None))
    if not reply.is_cut_short:
        yield _event(_chunk({}, "tool_calls" if reply.calls else reply.ending))
        yield b"data: [DONE]\n\n"


def _call_deltas(reply: Reply) -> Iterator[list[dict[str, Any]]]:
    whole = [
        {"index": n, "id": f"call-{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(reply.calls)
    ]
    if reply.in_one:
        yield [{**call, "index": 0} for call in whole]
        return
    for n, (name, arguments) in enumerate(reply.calls):
        yield [{**whole[n], "function": {"name": name, "arguments": ""}}]
        for start in range(0, len(arguments), 5):
            yield [{"index": n, "function": {"arguments": arguments[start : start + 5]}}]


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def _chunk(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chat-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": [choice]}


def _completion(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(reply.pieces)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": len(reply.pieces), "total_tokens": 1 + len(reply.pieces)}
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [choice],
        "usage": usage,
    }
