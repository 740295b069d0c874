"""Models and completions: what a client of the OpenAI API calls."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response

from app.access import Access, Caller
from app.domain import Picture, Question
from app.errors import NotFound, Rejected
from app.operations import completions
from app.operations.completions import ServedModel, Wanted
from app.services import Services
from app.web.api.caller import CallerOf, ServicesOf
from app.web.event_stream import EventStream
from app.web.openai.errors import OpenAIRoute, UnknownModel
from app.web.openai.functions import read_functions
from app.web.openai.messages import Conversation, read_conversation
from app.web.openai.replies import CompletionOut, ModelList, ModelOut, Reply
from app.web.openai.requests import CompletionRequest
from app.web.openai.stream import stream
from app.web.openai.telling import Begun, CallsTold, Done, Telling, tell

T = TypeVar("T")
router = APIRouter(tags=["openai"], route_class=OpenAIRoute)
EVENT_STREAM: Final = "text/event-stream"
# Proxies give up on a connection that is silent for a minute; a model on a processor may read for longer.
PING_S: Final = 15
# So long an answer may go on being sent while the service stops.
GRACE_S: Final = 30
LOOK_S: Final = 0.25
CLIENT_LEFT: Final = 499


@router.get("/models")
def list_models(caller: CallerOf, services: ServicesOf) -> ModelList:
    """The assistants that you may ask, and `cloister`, which answers from all that you may read."""
    return ModelList(data=[ModelOut.of(each) for each in completions.list_models(caller, services)])


@router.get("/models/{id:path}")
def get_model(id: str, caller: CallerOf, services: ServicesOf) -> ModelOut:
    """One of them, by the id in the list, or by an assistant's own id, which stays when it is renamed."""
    return ModelOut.of(_model(id, caller, services))


@router.post(
    "/chat/completions",
    response_model=CompletionOut,
    responses={
        200: {
            "content": {EVENT_STREAM: {}},
            "description": "A completion; with `stream`, chunks of one as server-sent events, then `[DONE]`.",
        }
    },
)
async def complete(body: CompletionRequest, caller: CallerOf, services: ServicesOf, request: Request) -> Any:
    """A cited answer to the last user message, from what you may read.

    Citations are annotations whose links lead into this service; `cloister` has them in full. Functions in `tools` are
    never called here: a call that the language model wants comes back as `tool_calls`.
    """
    services.require_ready()
    model, access = await asyncio.to_thread(_open, body, caller, services)
    body.require_possible()
    wanted = await _read(body, services)
    events = await asyncio.to_thread(completions.answer, wanted, model, access, caller, services)
    reply = Reply(body.model, services.settings.server.url, tuple(body.ignored))
    tellings = _one_call(tell(events, may_think=services.settings.generator.thinks), body)
    if not body.stream:
        return await _while_wanted(request, _collect(tellings, reply))
    begun = await _while_wanted(request, _begin(tellings, decides=bool(wanted.functions)))
    if isinstance(begun, Response):
        return begun
    chunks = stream(begun, reply, with_usage=body.wants_usage)
    return EventStream(chunks, ping=PING_S, sep="\n", shutdown_grace_period=GRACE_S)


@router.api_route("/{full_path:path}", methods=["GET", "POST"], include_in_schema=False)
def unknown(_caller: CallerOf) -> None:
    """Whatever else the OpenAI API has."""
    raise NotFound("Of the OpenAI API there are /v1/models and /v1/chat/completions here, and nothing at this address.")


def _open(body: CompletionRequest, caller: Caller, services: Services) -> tuple[ServedModel, Access]:
    """Who answers, and from what at most. Before all else is looked at: whoever may not ask learns nothing."""
    return _model(body.model, caller, services), caller.access.narrowed_to(body.knowledge_bases)


def _model(id: str, caller: Caller, services: Services) -> ServedModel:
    try:
        return completions.get_model(id, caller, services)
    except NotFound as exc:
        raise UnknownModel(str(exc)) from exc


async def _read(body: CompletionRequest, services: Services) -> Wanted:
    """The request as a question. Raises BadRequest."""
    said, offered = read_conversation(body.messages), read_functions(body)
    picture = await asyncio.to_thread(_look, said, services) if said.image else None
    return Wanted(
        model=body.model,
        question=Question(
            said.question, said.history, picture.image if picture else None, picture.text if picture else None
        ),
        instructions=said.instructions,
        temperature=body.temperature,
        max_tokens=body.most_tokens,
        stop=body.stops,
        functions=offered.specs,
        must_call=offered.must,
        called=said.called,
    )


def _look(said: Conversation, services: Services) -> Picture:
    """The picture of the question, written anew by a process of its own. Raises Rejected."""
    with tempfile.NamedTemporaryFile(dir=services.settings.data_dir) as file:
        file.write(said.image or b"")
        file.flush()
        picture = services.sandbox.look(Path(file.name))
    if picture.text is None and not services.settings.generator.sees_images:
        raise Rejected("Neither the language model nor an OCR engine reads pictures here; send text alone.")
    return picture


# --- answering --------------------------------------------------------------------------------------


async def _one_call(tellings: AsyncIterator[Telling], body: CompletionRequest) -> AsyncIterator[Telling]:
    """With `parallel_tool_calls` off, only the first of several calls."""
    async with aclosing(tellings) as found:  # type: ignore[type-var]
        async for telling in found:
            is_cut = isinstance(telling, CallsTold) and body.parallel_tool_calls is False
            yield CallsTold(telling.calls[:1]) if is_cut and isinstance(telling, CallsTold) else telling


async def _collect(tellings: AsyncIterator[Telling], reply: Reply) -> CompletionOut:
    async with aclosing(tellings) as found:  # type: ignore[type-var]
        async for telling in found:
            match telling:
                case CallsTold(calls):
                    return reply.wanting(calls)
                case Done(answer, calls):
                    return reply.answered(answer, calls)
                case _:
                    continue
    raise AssertionError("the answer line ends with Finished")


async def _begin(tellings: AsyncIterator[Telling], *, decides: bool) -> AsyncIterator[Telling]:
    """The same from where it has begun: until then, what fails has a status of its own. A stream whose status would
    wait for the whole answer would seem dead, so only a choice of functions is waited for (`decides`).
    """
    first = await anext(tellings)
    while decides and isinstance(first, Begun):
        first = await anext(tellings)

    async def rest() -> AsyncIterator[Telling]:
        yield first
        async with aclosing(tellings) as found:  # type: ignore[type-var]
            async for telling in found:
                yield telling

    return rest()


async def _while_wanted(request: Request, work: Coroutine[Any, Any, T]) -> T | Response:
    """What the work gives. It is given up as soon as the client has left: nobody reads what the model would write."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([task], timeout=LOOK_S))[0]:
            if await request.is_disconnected():
                return Response(status_code=CLIENT_LEFT)
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])
