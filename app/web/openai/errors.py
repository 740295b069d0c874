"""Errors as programs that speak the OpenAI API read them: `{"error": {"message", "type", "param", "code"}}`."""

import json
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import CloisterError, EngineUnavailable, GenerationTimeout, NotFound, Rejected, TextTooLong
from app.web.api.problems import NotSignedIn, status_of

PLACE: Final = "/v1/"
PROBLEM: Final = "application/problem+json"
# So soon a model may have been loaded, or another answer have ended.
RETRY_S: Final = 5
NO_KEY: Final = (
    "Send an API key of Cloister in the header “Authorization: Bearer …”; this request has none that is valid."
)
_TYPES: Final = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
_CODES: Final = {
    HTTPStatus.UNAUTHORIZED: "invalid_api_key",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_exceeded",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "engine_unavailable",
}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string", "description": "What happened, and what to do next."},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_AS_ERROR: Final[dict[str, Any]] = {"content": {"application/json": {"schema": _SCHEMA}}}
# What the OpenAPI document says of every route.
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"description": "The request is refused.", **_AS_ERROR},
    503: {"description": "An engine is not there, or is warming up.", **_AS_ERROR},
}


class BadRequest(Exception):
    """A parameter that cannot be taken. `param`: its place in the request."""

    def __init__(self, message: str, param: str, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class UnknownModel(NotFound):
    """No model of this name, or none that the caller may know of."""


Refusal = CloisterError | NotSignedIn | BadRequest | RequestValidationError | HTTPException


def error_body(status: HTTPStatus, message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """One error."""
    fallback = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    kind = _TYPES.get(status, fallback)
    return {"error": {"message": message, "type": kind, "param": param, "code": code or _CODES.get(status)}}


def body_of(error: Refusal) -> tuple[HTTPStatus, dict[str, Any]]:
    """The status and the body that tell a program of an error of ours."""
    match error:
        case NotSignedIn():
            return _with_status(HTTPStatus.UNAUTHORIZED, NO_KEY)
        case BadRequest():
            return _with_status(HTTPStatus.BAD_REQUEST, str(error), error.param, error.code)
        case RequestValidationError():
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"][1:]) or "body"
            said = f"The request cannot be read at {place}: {first['msg']}."
            return _with_status(HTTPStatus.BAD_REQUEST, said, place)
        case HTTPException():
            return _with_status(HTTPStatus(error.status_code), str(error.detail))
        case TextTooLong():
            return _with_status(HTTPStatus.BAD_REQUEST, str(error), "messages", "context_length_exceeded")
        case UnknownModel():
            return _with_status(HTTPStatus.NOT_FOUND, str(error), "model", "model_not_found")
        case CloisterError():
            status = status_of(error)
            is_input = isinstance(error, Rejected) and status is HTTPStatus.UNPROCESSABLE_ENTITY
            return _with_status(HTTPStatus.BAD_REQUEST if is_input else status, str(error))


def respond(error: Refusal) -> JSONResponse:
    """The whole answer."""
    status, body = body_of(error)
    return JSONResponse(body, status, _headers(status, error))


class OpenAIRoute(APIRoute):
    """A route whose refusals are errors of this format."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own, with its errors told."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except (CloisterError, NotSignedIn, BadRequest, RequestValidationError, HTTPException) as error:
                return respond(error)

        return answer


class OpenAIErrors:
    """Around a whole app: problem documents below `/v1/`, such as those of the walls around it, in this format."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and scope["path"].startswith(PLACE)
        await self._app(scope, receive, _Translated(send) if is_ours else send)


class _Translated:
    """A `send` that holds a problem document until it is whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_translated(self._start)

    async def _send_translated(self, start: Message) -> None:
        status = HTTPStatus(start["status"])
        # The input is wrong in either case; clients know this status.
        status = HTTPStatus.BAD_REQUEST if status is HTTPStatus.UNPROCESSABLE_ENTITY else status
        body = json.dumps(error_body(status, json.loads(self._body)["detail"]), ensure_ascii=False).encode()
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-type"], headers["content-length"] = "application/json", str(len(body))
        await self._send({**start, "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_problem(message: Message) -> bool:
    return MutableHeaders(raw=list(message.get("headers", ()))).get("content-type", "").startswith(PROBLEM)


def _with_status(
    status: HTTPStatus, message: str, param: str | None = None, code: str | None = None
) -> tuple[HTTPStatus, dict[str, Any]]:
    return status, error_body(status, message, param, code)


def _headers(status: HTTPStatus, error: Refusal) -> Mapping[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, GenerationTimeout):
        # Clients of this API repeat a request that failed so: the model would begin anew, for nobody.
        return {"x-should-retry": "false"}
    return {"Retry-After": str(RETRY_S)} if isinstance(error, EngineUnavailable) else {}
