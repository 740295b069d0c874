"""How much a request may bring: checked while it comes in, before anything of it is kept or read.

Frameworks put the files of a form on the disk before a route has a say. So files are let through only from people and
programs that are known, and each is measured on its way.
"""

from http import HTTPStatus
from typing import Final, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import LimitsSettings
from app.web.api.problems import problem
from app.web.askers import Askers

FORM_WITH_FILES: Final = b"multipart/form-data"
BOUNDARY_BYTES: Final = 70


class Meter(Protocol):
    """Measures a body piece by piece."""

    def is_too_large(self, piece: bytes) -> str:
        """Why the body with this piece is too large, or ""."""
        ...


class WholeMeter:
    """For bodies that bring no file."""

    def __init__(self, limits: LimitsSettings) -> None:
        self.most_bytes = limits.body_mb << 20
        self.sentence = (
            f"This request brings more than {limits.body_mb} MiB (limits.body_mb). "
            "Nothing of it was kept; send less at once."
        )
        self._size = 0

    def is_too_large(self, piece: bytes) -> str:
        """Why the body with this piece is too large, or ""."""
        self._size += len(piece)
        return self.sentence if self._size > self.most_bytes else ""


class PartsMeter:
    """For forms with files: each file by itself, and all other fields together."""

    def __init__(self, limits: LimitsSettings, boundary: bytes) -> None:
        # A file just beyond its limit is let through to the face, which refuses it by its name.
        self._most_file_bytes = (limits.file_mb + limits.body_mb) << 20
        self._file_sentence = (
            f"A file of this request is larger than {limits.file_mb} MiB (limits.file_mb). "
            "Nothing of the request was kept; split the file, or leave it out."
        )
        self._fields = WholeMeter(limits)
        self._trouble = ""
        self._is_file = False
        self._file_size = 0
        self._name, self._value = b"", b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._read_name,
                "on_header_value": self._read_value,
                "on_header_end": self._end_header,
                "on_part_data": self._measure,
            },
        )

    def is_too_large(self, piece: bytes) -> str:
        """Why the body with this piece is too large, or "". What is no form is left to its reader to refuse."""
        try:
            self._parser.write(piece)
        except FormParserError:
            self._trouble = self._trouble or self._fields.is_too_large(piece)
        return self._trouble

    def _begin(self) -> None:
        self._is_file, self._file_size = False, 0

    def _read_name(self, piece: bytes, start: int, end: int) -> None:
        self._name += piece[start:end]

    def _read_value(self, piece: bytes, start: int, end: int) -> None:
        self._value += piece[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._is_file = b"filename" in parse_options_header(self._value)[1]
        self._trouble = self._trouble or self._fields.is_too_large(self._name + self._value)
        self._name, self._value = b"", b""

    def _measure(self, piece: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._trouble = self._trouble or self._fields.is_too_large(piece[start:end])
            return
        self._file_size += end - start
        if self._file_size > self._most_file_bytes:
            self._trouble = self._trouble or self._file_sentence


class BodyLimit:
    """Around a whole app: a body that is too large is refused with 413, however its length is told, or is not."""

    def __init__(self, app: ASGIApp, askers: Askers, limits: LimitsSettings) -> None:
        self._app, self._askers, self._limits = app, askers, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        boundary = _boundary(headers)
        if boundary and (await self._askers.find(scope)).is_known:
            await _Measured(PartsMeter(self._limits, boundary), drains=True)(self._app, scope, receive, send)
            return
        meter = WholeMeter(self._limits)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > meter.most_bytes:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, meter.sentence)(scope, receive, send)
        else:
            await _Measured(meter, drains=False)(self._app, scope, receive, send)


class _Measured:
    """One request under measure. With `drains` the rest of a refused body is read and forgotten first: a browser that
    is cut off while it sends does not read the answer.
    """

    def __init__(self, meter: Meter, *, drains: bool) -> None:
        self._meter, self._drains = meter, drains
        self._refusal = ""
        self._is_answered = False

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_measured() -> Message:
            if self._refusal:
                return {"type": "http.disconnect"}
            message = await receive()
            if message["type"] == "http.request":
                self._refusal = self._meter.is_too_large(message.get("body", b""))
            if not self._refusal:
                return message
            while self._drains and message["type"] == "http.request" and message.get("more_body"):
                message = await receive()
            return {"type": "http.disconnect"}

        async def send_unless_refused(message: Message) -> None:
            # What the app makes of a body that breaks off is no answer; its own refusal is.
            if self._refusal and not self._is_answered and message.get("status") != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return
            self._is_answered = True
            await send(message)

        try:
            await app(scope, receive_measured, send_unless_refused)
        except ClientDisconnect:
            # That is how a reader of bodies takes ours breaking off.
            if not self._refusal:
                raise
        if self._refusal and not self._is_answered:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._refusal)(scope, receive, send)


def _boundary(headers: Headers) -> bytes:
    """What stands between the parts of a form with files; nothing for any other body."""
    kind, options = parse_options_header(headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"") if kind == FORM_WITH_FILES else b""
    return boundary if len(boundary) <= BOUNDARY_BYTES else b""
