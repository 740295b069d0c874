"""An OpenAI-compatible embeddings server that embeds with a function you give it, and misbehaves on request."""

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.ports import Vectors

Embed = Callable[[Sequence[str]], Vectors]


class ScriptedEmbeddings:
    """Serves `POST /v1/embeddings` on a free loopback port. Use as a context manager.

    `change_answer` edits the answer's body before it is sent; `refusal` is sent in its place.
    """

    def __init__(self, embed: Embed) -> None:
        self.embed = embed
        self.change_answer: Callable[[dict[str, Any]], None] = lambda body: None
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._build_handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "ScriptedEmbeddings":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(request)
        if self.refusal:
            return self.refusal
        assert request["encoding_format"] == "float"
        vectors = self.embed(request["input"]).tolist()
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        body: dict[str, Any] = {"object": "list", "data": data, "model": request["model"], "usage": usage}
        self.change_answer(body)
        return 200, body

    def _build_handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                script.headers.append(dict(self.headers.items()))
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = self.path == "/v1/embeddings"
                status, body = script.answer(request) if known else (404, {"error": {"message": "no such path"}})
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Says nothing: a test's output is its own."""

        return Handler
