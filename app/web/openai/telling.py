"""From the events of an answer to what a client is told, piece by piece: what was told is never taken back.

A sentence is told once it is checked and stands, whatever the model writes after it (`AnswerOptions.stands`). So the
pieces together are the text of the answer, and a stream says what the same request says without one.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

from app.answer.events import AnswerEvent, Checked, Finished, Retrieved, Thought
from app.domain import Answer, CallEnded, CallOrigin, CallRecord, ToolCall
from app.errors import EngineUnavailable
from app.tools.client_tools import CallsWanted


@dataclass(frozen=True, slots=True)
class Begun:
    """The documents were searched; the language model has its turn."""


@dataclass(frozen=True, slots=True)
class Told:
    """More of the text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallsTold:
    """Instead of an answer: the functions that the client is to call."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer, all of whose text was told. `calls`: of Cloister's own tools."""

    answer: Answer
    calls: tuple[CallRecord, ...]


Telling = Begun | Told | CallsTold | Done


async def tell(events: AsyncIterator[AnswerEvent], *, may_think: bool) -> AsyncIterator[Telling]:
    """What there is to be told, as soon as it stands. Raises what the events raise, but for `CallsWanted`.

    `may_think`: the model thinks before it answers. Where its thought may still turn out to be one, nothing is told.
    """
    told, calls = "", []
    is_held = may_think
    try:
        async with aclosing(events) as line:  # type: ignore[type-var]
            async for event in line:
                match event:
                    case Retrieved():
                        yield Begun()
                    case CallEnded(record) if record.call.origin is not CallOrigin.CLIENT:
                        calls.append(record)
                    case Thought():
                        is_held = False
                    case Checked() if told and not event.text:
                        raise EngineUnavailable(
                            "What was sent so far was a thought of the language model, not its answer; discard it. "
                            "The owner can set generator.thinks, so that such thoughts are told from answers."
                        )
                    case Checked() if not is_held and event.standing > len(told):
                        more = event.text[len(told) : event.standing]
                        told += more
                        yield Told(more)
                    case Finished(answer):
                        if not answer.text.startswith(told):
                            raise AssertionError("a sentence was taken back that stood")
                        if rest := answer.text[len(told) :]:
                            yield Told(rest)
                        yield Done(answer, tuple(calls))
    except CallsWanted as wanted:
        yield CallsTold(wanted.calls)
