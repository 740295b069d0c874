"""A stand-in for a Qdrant server: the part of its REST API that `ServerIndex` asks, over Qdrant's own local engine.

with QdrantStandIn() as qdrant:
    index = ServerIndex(settings_with(qdrant.url))
    with qdrant.away():       # nobody listens at its address, and what it holds stays
        ...

It is one process that many may reach. What it stores, filters and ranks is Qdrant's code; how it listens is not.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter
from qdrant_client import QdrantClient, models

VERSION: Final = "1.19.0"
_COLLECTION: Final = re.compile(r"/collections/([^/]+)(/.*)?")
_SELECTOR: Final[TypeAdapter[Any]] = TypeAdapter(models.PointsSelector)


class QdrantStandIn:
    """Listens on a free loopback port. `made` holds what each collection was to be made with."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self._client: Any = QdrantClient(":memory:")
        # The local engine is not made for several threads; a server is.
        self._lock = threading.Lock()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """The address that a client is given; it stays the same while it is away."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> "QdrantStandIn":
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_listening()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens at the address meanwhile."""
        self._stop_listening()
        try:
            yield
        finally:
            self._listen()

    def count(self) -> int:
        """All points, of all collections."""
        with self._lock:
            names = [each.name for each in self._client.get_collections().collections]
            return sum(int(self._client.count(name).count) for name in names)

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The status, and the result as it goes into Qdrant's envelope."""
        known = _COLLECTION.fullmatch(path)
        if known is None:
            return 404, None
        name, what = known[1], f"{method} {known[2] or ''}"
        with self._lock:
            if what not in ("PUT ", "GET /exists") and not self._client.collection_exists(name):
                return 404, None
            return self._ask(name, what, body)

    def _ask(self, name: str, what: str, body: dict[str, Any]) -> tuple[int, Any]:
        ask: dict[str, Callable[[], Any]] = {
            "GET /exists": lambda: {"exists": self._client.collection_exists(name)},
            "GET ": lambda: self._client.get_collection(name),
            "PUT ": lambda: self._create(name, body),
            "PUT /index": lambda: _done(),  # the local engine filters without one
            "PUT /points": lambda: self._upsert(name, body),
            "POST /points/delete": lambda: self._client.delete(name, _SELECTOR.validate_python(body)) and _done(),
            "POST /points/count": lambda: self._count(name, models.CountRequest(**body)),
            "POST /points/scroll": lambda: self._scroll(name, models.ScrollRequest(**body)),
            "POST /points/query/batch": lambda: self._query(name, models.QueryRequestBatch(**body)),
        }
        if what not in ask:
            return 404, None
        if what == "PUT " and self._client.collection_exists(name):
            return 409, None
        return 200, ask[what]()

    def _create(self, name: str, body: dict[str, Any]) -> bool:
        wanted, self.made[name] = models.CreateCollection(**body), body
        self._client.create_collection(name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors)
        return True

    def _upsert(self, name: str, body: dict[str, Any]) -> Any:
        self._client.upsert(name, models.PointsList(**body).points)
        return _done()

    def _count(self, name: str, wanted: models.CountRequest) -> Any:
        return self._client.count(name, count_filter=wanted.filter, exact=True)

    def _scroll(self, name: str, wanted: models.ScrollRequest) -> Any:
        points, following = self._client.scroll(
            name, scroll_filter=wanted.filter, limit=wanted.limit or 10, offset=wanted.offset, with_payload=False
        )
        return models.ScrollResult(points=points, next_page_offset=following)

    def _query(self, name: str, wanted: models.QueryRequestBatch) -> Any:
        return self._client.query_batch_points(name, wanted.searches)

    def _listen(self) -> None:
        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler_for(self))
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _stop_listening(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None


def _done() -> models.UpdateResult:
    return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)


def _handler_for(stand_in: QdrantStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # A connection for each request: none is left open to a server that is away.
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            """Silent: test output stays readable."""

        def _answer(self, body: dict[str, Any]) -> None:
            path = urlsplit(self.path).path
            if path == "/":
                self._send(200, {"title": "stand-in for qdrant", "version": VERSION, "commit": None})
                return
            status, result = stand_in.answer(self.command, path, body)
            state = "ok" if status == 200 else {"error": f"status {status}"}
            self._send(status, {"result": _as_json(result), "status": state, "time": 0.0})

        def _send(self, status: int, content: dict[str, Any]) -> None:
            encoded = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

    return Handler


def _as_json(result: Any) -> Any:
    if isinstance(result, list):
        return [_as_json(each) for each in result]
    return result.model_dump(mode="json") if isinstance(result, BaseModel) else result
