"""An HTTP client for pages of strangers: checked addresses, bounded answers, secrets for one host only."""

import logging
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpcore
import httpx

from app.egress.addresses import AddressGuard, GuardedBackend, GuardedSyncBackend, Resolve, resolve
from app.errors import Rejected

MIB: Final = 1 << 20
# What one call of zlib may give: an answer of a thousand times the size is stopped after this much.
_PIECE: Final = 64 * 1024
_KEPT_ALIVE: Final = 20


class AnswerTooLarge(Rejected):
    """The answer is larger than it may be."""


class AnswerUnreadable(Rejected):
    """The answer is packed in a way that was not asked for, or broken."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`max_mb`: MiB of one answer, unpacked. `timeout_s`: for connecting, and for each part of an answer."""

    max_mb: int = 50
    timeout_s: float = 30.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers that sign in at one host (with its port) and scheme; no other is ever sent them."""

    origin: str
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, url: str, headers: Mapping[str, str]) -> "Credentials":
        """Headers for the origin of an address."""
        return cls(_origin(httpx.URL(url)), dict(headers))

    def fit(self, url: httpx.URL) -> bool:
        """Whether this is the origin that they are for."""
        return _origin(url) == self.origin


def _origin(url: httpx.URL) -> str:
    """Scheme, host and port, as https://wiki.example:443."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    return f"{url.scheme}://{url.host}:{port}"


def open_client(
    guard: AddressGuard,
    *,
    user_agent: str,
    bounds: Bounds | None = None,
    credentials: Credentials | None = None,
    resolve: Resolve = resolve,
) -> httpx.AsyncClient:
    """The client. It reads no proxy from the environment; redirects are followed where a request says so, each checked
    like a first address.

    Raises while in use: AddressRefused, AnswerTooLarge, AnswerUnreadable; httpx.HTTPError for what the network does.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it names every address
    bounds = bounds or Bounds()
    return httpx.AsyncClient(
        transport=_Transport(guard, bounds, credentials, resolve),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        timeout=bounds.timeout_s,
        max_redirects=bounds.redirects,
        trust_env=False,
    )


def open_transport(guard: AddressGuard, tls: ssl.SSLContext) -> httpx.HTTPTransport:
    """A transport for a sync client that connects to checked addresses only. Raises AddressRefused while in use."""
    transport = httpx.HTTPTransport(trust_env=False)
    # httpx hands no backend through to its pool.
    transport._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=GuardedSyncBackend(guard))
    return transport


class _Transport(httpx.AsyncHTTPTransport):
    def __init__(self, guard: AddressGuard, bounds: Bounds, credentials: Credentials | None, resolve: Resolve) -> None:
        super().__init__(trust_env=False)
        # httpx hands no backend through to its pool.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_keepalive_connections=_KEPT_ALIVE,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(guard, resolve),
        )
        self._most, self._credentials = bounds.max_mb * MIB, credentials

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in ("http", "https"):
            raise Rejected(f"An address that begins with {request.url.scheme}: cannot be crawled; use http or https.")
        if self._credentials and self._credentials.fit(request.url):
            request.headers.update(self._credentials.headers)
        elif self._credentials:
            # httpx keeps Authorization to one origin, but not so other headers, nor cookies to one port or scheme.
            for name in (*self._credentials.headers, "Authorization", "Cookie"):
                request.headers.pop(name, None)
        answer = await super().handle_async_request(request)
        if answer.headers.get("content-length", "").isdecimal() and int(answer.headers["content-length"]) > self._most:
            await answer.aclose()
            raise _too_large(self._most)
        packed = answer.headers.pop("content-encoding", "identity").strip().lower()
        answer.headers.pop("content-length", None)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_BoundedStream(answer.stream, packed, self._most),
            extensions=answer.extensions,
        )


class _BoundedStream(httpx.AsyncByteStream):
    """The unpacked answer, up to a limit."""

    def __init__(self, inner: httpx.AsyncByteStream, packed: str, most: int) -> None:
        self._inner, self._packed, self._most = inner, packed, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        async for piece in self._unpack():
            total += len(piece)
            if total > self._most:
                raise _too_large(self._most)
            yield piece

    async def _unpack(self) -> AsyncIterator[bytes]:
        match self._packed:
            case "" | "identity":
                async for piece in self._inner:
                    yield piece
            case "gzip" | "x-gzip" | "deflate":
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
                async for piece in self._inner:
                    while piece:
                        yield _inflate(unpacker, piece)
                        piece = unpacker.unconsumed_tail
                yield unpacker.flush()
            case other:
                raise AnswerUnreadable(f"The server packs its answer as “{other[:20]}”, which it was not asked for.")

    async def aclose(self) -> None:
        await self._inner.aclose()


def _inflate(unpacker: "zlib._Decompress", piece: bytes) -> bytes:
    try:
        return unpacker.decompress(piece, _PIECE)
    except zlib.error as exc:
        raise AnswerUnreadable("The server's answer is broken: it cannot be unpacked.") from exc


def _too_large(most: int) -> AnswerTooLarge:
    return AnswerTooLarge(f"The answer is larger than {most // MIB} MiB; leave it out or raise the limit.")
