"""An answer as the server-sent events that clients of the OpenAI API read."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

from app.errors import CloisterError
from app.web.openai.annotations import annotate
from app.web.openai.errors import body_of, error_body
from app.web.openai.replies import CloisterOut, Reply, ToolCallOut, finish_reason, usage_of
from app.web.openai.telling import CallsTold, Done, Telling, Told

log = logging.getLogger("cloister")
END = "[DONE]"
UNFORESEEN = "Something failed inside Cloister; its log says where. What was sent so far is no whole answer."


async def stream(tellings: AsyncIterator[Telling], reply: Reply, *, with_usage: bool) -> AsyncIterator[str]:
    """The data of each event. An error in the middle is an event of its own, and the last."""
    yield reply.chunk({"role": "assistant", "content": "", "refusal": None})
    try:
        async with aclosing(tellings) as found:  # type: ignore[type-var]
            async for telling in found:
                for event in _events(telling, reply, with_usage=with_usage):
                    yield event
    except CloisterError as exc:  # the status line is out already: the stream itself must say it
        yield json.dumps(body_of(exc)[1], ensure_ascii=False)
        return
    except Exception:
        yield json.dumps(error_body(HTTPStatus.INTERNAL_SERVER_ERROR, UNFORESEEN), ensure_ascii=False)
        raise
    yield END


def _events(telling: Telling, reply: Reply, *, with_usage: bool) -> list[str]:
    match telling:
        case Told(text):
            return [reply.chunk({"content": text})]
        case CallsTold(calls):
            deltas = [{"index": n, **ToolCallOut.of(call).model_dump()} for n, call in enumerate(calls)]
            events = [reply.chunk({"tool_calls": [each]}) for each in deltas]
            events.append(reply.chunk({}, "tool_calls"))
            return [*events, reply.usage_chunk(None)] if with_usage else events
        case Done():
            return _ending(telling, reply, with_usage=with_usage)
        case _:
            return []


def _ending(done: Done, reply: Reply, *, with_usage: bool) -> list[str]:
    answer = done.answer
    annotations = [each.model_dump() for each in annotate(answer, reply.service_url)]
    extension: dict[str, Any] = CloisterOut.of(answer, done.calls, reply.ignored).model_dump(mode="json")
    events = [reply.chunk({"annotations": annotations})] if annotations else []
    events.append(reply.chunk({}, finish_reason(answer), cloister=extension))
    return [*events, reply.usage_chunk(usage_of(answer))] if with_usage else events
