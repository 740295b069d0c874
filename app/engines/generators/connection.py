"""HTTP to the configured endpoint, which can be cut, and what its failures mean."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from app.egress.addresses import AddressGuard
from app.egress.refusal import find_refusal
from app.engines.endpoint import open_client
from app.errors import EngineUnavailable

CONNECT_TIMEOUT_S = 10
# What the libraries raise at an answer that is not in the agreed shape.
MALFORMED = (ValueError, TypeError, AttributeError, LookupError)


class Connection:
    """One HTTP client that can be cut from another thread."""

    def __init__(
        self, *, tls: ssl.SSLContext, timeout_s: float, api_key: str = "", guard: AddressGuard | None = None
    ) -> None:
        self._stream: Any = None
        self._is_cut = False
        self.http = open_client(timeout_s=timeout_s, api_key=api_key, guard=guard, tls=tls)
        self.http.event_hooks = {"request": [*self.http.event_hooks["request"], self._prepare]}

    def cut(self) -> None:
        """End whatever the client waits for. The server sees the connection close and stops computing."""
        self._is_cut = True
        if self._stream is not None:
            # Closing a socket does not wake the thread that reads it; shutting it down does.
            with suppress(OSError):
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the sockets."""
        self.http.close()

    def _prepare(self, request: httpx.Request) -> None:
        request.extensions["timeout"]["connect"] = CONNECT_TIMEOUT_S
        request.extensions["trace"] = self._watch

    def _watch(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info["return_value"]
            if self._is_cut:
                self.cut()


def unreachable(url: str, exc: BaseException) -> EngineUnavailable:
    """The endpoint does not take connections, drops them, or may not be asked."""
    return find_refusal(exc) or EngineUnavailable(
        f"The language model's endpoint {url} cannot be reached. Start it, or correct generator.url."
    )


def garbled(url: str) -> EngineUnavailable:
    """The endpoint speaks, but not as agreed."""
    return EngineUnavailable(
        f"The endpoint {url} broke off or did not answer in the OpenAI format. Try again; if it stays so, look at "
        "its log and check that generator.url leads to its chat API (most addresses end in /v1)."
    )


@contextmanager
def well_formed(url: str) -> Iterator[None]:
    """Around code that reads an answer: a shape nobody agreed on becomes EngineUnavailable."""
    try:
        yield
    except MALFORMED:
        raise garbled(url) from None


def refusal(status: int, *, url: str, model: str) -> EngineUnavailable:
    """What a status above 299 means and what to do."""
    match status:
        case 401 | 403:
            advice = "refuses the key. Put the right one in CLOISTER_GENERATOR__API_KEY."
        case 404:
            advice = (
                f"knows no model “{model}” or has no chat API. Check generator.model and generator.url (most "
                "addresses end in /v1)."
            )
        case 429:
            advice = "has too much to do. Try again in a moment."
        case _ if 300 <= status < 400:
            advice = "redirects elsewhere, which is not followed. Put the final address in generator.url."
        case _ if status >= 500:
            advice = f"failed (HTTP {status}). Try again in a moment; if it stays so, look at its log."
        case _:
            advice = f"refuses the request (HTTP {status}). Look at its log, and check generator.model."
    return EngineUnavailable(f"The endpoint {url} {advice}")
