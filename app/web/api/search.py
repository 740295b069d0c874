"""Search and ask."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from threading import Event
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from app.answer.events import AnswerEvent, Checked, Finished, Piece, Retrieved, Thought
from app.domain import CallEnded, CallRecord
from app.errors import CloisterError
from app.operations import answers, assistants, offered_models, tools
from app.web.api.caller import AccessOf, CallerOf, ServicesOf
from app.web.api.models.answers import AskResponse, CallOut, CheckedOut, PassageOut, SearchRequest, SearchResponse
from app.web.api.models.conversation import AskRequest

router = APIRouter(tags=["answers"])
EVENT_STREAM = "text/event-stream"


@router.post("/search")
async def search(body: SearchRequest, access: AccessOf, services: ServicesOf) -> SearchResponse:
    """The passages nearest to the query in meaning and words, best first."""
    services.require_ready()
    narrowed = access.narrowed_to(body.knowledge_bases)
    found = await asyncio.to_thread(lambda: services.search(body.query, access=narrowed, k=body.k))
    return SearchResponse(passages=[PassageOut.of(passage) for passage in found])


@router.post(
    "/ask",
    response_model=AskResponse,
    responses={
        200: {
            "content": {EVENT_STREAM: {}},
            "description": "JSON, or events `passages`, `call`, `thought`, `piece`, `checked`, `answer`.",
        }
    },
)
async def ask(body: AskRequest, caller: CallerOf, services: ServicesOf, request: Request) -> Any:
    """A cited answer. With `Accept: text/event-stream` it comes in events: `passages`, `piece` …, `answer`.

    After every complete sentence a `checked` replaces the pieces so far. A `call` tells what became of a call of a
    tool; a `thought` is what a reasoning model thinks before it answers.
    """
    services.require_ready()
    narrowed = caller.access.narrowed_to(body.knowledge_bases)
    assisted = await asyncio.to_thread(assistants.assist, body.assistant, narrowed, services)
    options = assisted.options
    if body.model is not None:
        options = replace(options, model=await asyncio.to_thread(offered_models.get_id, body.model, services))
    # Nobody is here to say yes: what leaves the machine is not done.
    toolbox = await asyncio.to_thread(tools.open_toolbox, replace(assisted, options=options), caller, services)
    events = answers.recorded(
        services.answer(body.question, access=assisted.access, cancelled=Event(), options=options, tools=toolbox),
        caller=caller,
        access=assisted.access,
        face=answers.face_of(caller),
        services=services,
    )
    if EVENT_STREAM in request.headers.get("accept", ""):
        return StreamingResponse(_as_event_stream(events), media_type=EVENT_STREAM)
    calls: list[CallRecord] = []
    async with aclosing(events) as stream:  # type: ignore[type-var]
        async for event in stream:
            if isinstance(event, CallEnded):
                calls.append(event.record)
            if isinstance(event, Finished):
                return AskResponse.of(event.answer, calls)
    raise AssertionError("the answer line ends with Finished")


async def _as_event_stream(events: AsyncIterator[AnswerEvent]) -> AsyncIterator[str]:
    calls: list[CallRecord] = []
    try:
        async for event in events:
            match event:
                case Retrieved(passages, _):
                    yield _event("passages", [PassageOut.of(passage).model_dump(mode="json") for passage in passages])
                case CallEnded(record):
                    calls.append(record)
                    yield _event("call", CallOut.of(record).model_dump(mode="json"))
                case Thought(text):
                    yield _event("thought", {"text": text})
                case Piece(text):
                    yield _event("piece", {"text": text})
                case Checked():
                    yield _event("checked", CheckedOut.of(event).model_dump(mode="json"))
                case Finished(answer):
                    yield _event("answer", AskResponse.of(answer, calls).model_dump(mode="json"))
    except CloisterError as exc:  # the status line is out already: the stream itself must say it
        yield _event("error", {"detail": str(exc)})


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
