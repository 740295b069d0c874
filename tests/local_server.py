"""A server of a test's own on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

# How often the server looks whether it is to end: a test waits for it.
POLL_S = 0.02


class QuietHandler(BaseHTTPRequestHandler):
    """Writes no line for every request: test output stays readable."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The loopback port on which requests are handled, each in a thread, until the end of the `with`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
