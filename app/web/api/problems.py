"""From an error of ours to an HTTP status: problem documents after RFC 9457."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.db.room import FULL_ERRORS
from app.errors import (
    CloisterError,
    EngineUnavailable,
    Forbidden,
    ModelMismatch,
    NotFound,
    Rejected,
    SettingsError,
    StorageFull,
    TooManyTries,
)
from app.observe.labels import REQUEST, labels

# The first match counts: subclasses stand before their parents.
STATUS_BY_ERROR: tuple[tuple[type[CloisterError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (TooManyTries, HTTPStatus.TOO_MANY_REQUESTS),
    (ModelMismatch, HTTPStatus.CONFLICT),
    (Rejected, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StorageFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (EngineUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (SettingsError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "request_id": {"type": "string", "description": "Under which the log tells of this request."},
        "detail": {"type": "string", "description": "What happened, what was kept, and what to do next."},
    },
}
_AS_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}}}
# What the OpenAPI document says of every route.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "The request is refused.", **_AS_PROBLEM},
    503: {"description": "An engine is not there, or is warming up.", **_AS_PROBLEM},
}


class NotSignedIn(Exception):
    """The request says nothing, or nothing valid, about who asks."""


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """One problem document."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    if request_id := labels().get(REQUEST):
        body["request_id"] = request_id
    challenge = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    return JSONResponse(body, status, {**challenge, **(headers or {})}, media_type="application/problem+json")


def status_of(error: CloisterError) -> HTTPStatus:
    """The status that tells a client what kind of error this is."""
    return next(status for kind, status in STATUS_BY_ERROR if isinstance(error, kind))


def install_problems(app: FastAPI) -> None:
    """Answer every error of this app with a problem document."""

    @app.exception_handler(CloisterError)
    async def ours(_request: Request, error: CloisterError) -> JSONResponse:
        return problem(status_of(error), str(error))

    @app.exception_handler(NotSignedIn)
    async def nobody(_request: Request, _error: NotSignedIn) -> JSONResponse:
        detail = "Sign in, or send an API key in the header “Authorization: Bearer …”."
        return problem(HTTPStatus.UNAUTHORIZED, detail)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The request cannot be read at {place}: {first['msg']}.")

    @app.exception_handler(OSError)
    async def of_the_system(request: Request, error: OSError) -> JSONResponse:
        if error.errno in FULL_ERRORS:  # while the body was put aside, before anything of ours saw it
            detail = "The disk is full; nothing of this request was stored. Make room, then send it again."
            return problem(HTTPStatus.INSUFFICIENT_STORAGE, detail)
        return await unforeseen(request, error)

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, _error: Exception) -> JSONResponse:
        # The log has the rest; the words of an unforeseen error may quote a document.
        detail = "Something failed inside Cloister; its log says where. Please report it."
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)

    @app.exception_handler(HTTPException)
    async def theirs(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(HTTPStatus(error.status_code), str(error.detail), error.headers)
