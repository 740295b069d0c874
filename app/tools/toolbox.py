"""Calls tools for one question: what the person wants, then what the language model wants, step by step."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from string import Template
from threading import Event
from typing import Final

from app.domain import (
    CallEnded,
    CallRecord,
    CallState,
    Consultation,
    Message,
    ToolCall,
    ToolEvent,
)
from app.errors import TextTooLong
from app.ports import Chosen, Generator
from app.settings import ToolsSettings
from app.tools.calling.carry_out import Workshop, carry_out
from app.tools.calling.check import Key, Sorted, key_of, sort_calls
from app.tools.calling.decision import ask_again, build_decision
from app.tools.function import Gate, ToolFunction

log = logging.getLogger(__name__)

# For a decision: a few calls with short arguments.
MOST_TOKENS: Final = 512


@dataclass(frozen=True, slots=True)
class Toolbox:
    """A `ToolUser` over these functions. `template`: of the question that the model is asked (`Prompts.tools`)."""

    functions: Sequence[ToolFunction]
    gate: Gate
    settings: ToolsSettings
    template: Template

    async def use(
        self, consultation: Consultation, *, generator: Generator, cancelled: Event
    ) -> AsyncIterator[ToolEvent]:
        """See `ToolUser.use`. Raises what the generator raises; a tool that fails is told in its `CallEnded`."""
        talk = _Talk(self, consultation, generator, cancelled)
        async with aclosing(talk.hold()) as events:  # type: ignore[type-var]
            async for event in events:
                yield event


@dataclass(slots=True)
class _Talk:
    """One question's calls so far."""

    box: Toolbox
    consultation: Consultation
    generator: Generator
    cancelled: Event
    records: list[CallRecord] = field(default_factory=list)
    made: set[Key] = field(default_factory=set)

    async def hold(self) -> AsyncIterator[ToolEvent]:
        """The calls of the person, then those of the model until it wants none, repeats itself, or was asked often
        enough.
        """
        steps = 0
        wanted = self._sort(self.consultation.wanted)
        while wanted.fitting or wanted.faulty or not steps:
            for record in wanted.faulty:
                yield self._end(record)
            async with aclosing(self._carry_out(wanted.fitting)) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event
            is_over = steps and not wanted.fitting
            if is_over or steps >= self._most_steps or self.cancelled.is_set():
                return
            steps += 1
            wanted = await self._ask_model(steps)

    @property
    def _most_steps(self) -> int:
        is_asked = self.box.functions and self.box.settings.calls != "off"
        return self.box.settings.max_steps if is_asked else 0

    # --- asking ------------------------------------------------------------------------------------

    async def _ask_model(self, step: int) -> Sorted:
        """What the model wants now; with one chance to mend what cannot be done."""
        messages = build_decision(
            self.consultation, self.records, self.box.template, marks=self.generator.control_tokens
        )
        chosen = await self._choose(messages)
        wanted = self._sort(_numbered(chosen.calls, f"{step}"))
        faults = [*(record.reason for record in wanted.faulty), *chosen.faults]
        if not faults:
            return wanted
        again = await self._choose(ask_again(messages, chosen.calls, faults, marks=self.generator.control_tokens))
        mended = self._sort((*wanted.fitting, *_numbered(again.calls, f"{step}b")))
        left = mended.faulty or () if again.calls or again.faults else wanted.faulty
        unread = again.faults if again.calls or again.faults else chosen.faults
        return Sorted(mended.fitting, (*left, *(_unreadable(each, step) for each in unread)))

    async def _choose(self, messages: Sequence[Message]) -> Chosen:
        specs = [function.spec for function in self.box.functions]
        try:
            return await asyncio.to_thread(
                self.generator.choose, messages, specs, max_tokens=MOST_TOKENS, cancelled=self.cancelled
            )
        except asyncio.CancelledError:
            # The thread is told, too: nobody waits for the model any more.
            self.cancelled.set()
            raise
        except TextTooLong as exc:
            log.warning("The language model was not asked for tools: %d tokens are more than its window.", exc.tokens)
            return Chosen()

    def _sort(self, calls: Sequence[ToolCall]) -> Sorted:
        return sort_calls(calls, {function.spec.name: function.spec for function in self.box.functions}, self.made)

    # --- doing -------------------------------------------------------------------------------------

    async def _carry_out(self, calls: Sequence[ToolCall]) -> AsyncIterator[ToolEvent]:
        functions = {function.spec.name: function for function in self.box.functions}
        workshop = Workshop(functions, self.box.gate, self.box.settings.timeout_s)
        self.made.update(key_of(call) for call in calls)
        events = carry_out(calls, workshop=workshop, consultation=self.consultation, cancelled=self.cancelled)
        ended: list[CallRecord] = []
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, CallEnded):
                    ended.append(event.record)
                yield event
        self._learn(ended)

    def _end(self, record: CallRecord) -> CallEnded:
        self.made.add(key_of(record.call))
        self.records.append(record)
        return CallEnded(record)

    def _learn(self, ended: Sequence[CallRecord]) -> None:
        """What came back is in the conversation from now on: others wrote it."""
        self.records += ended
        results = [record.result for record in ended if record.result]
        if any(result.text or result.passages for result in results):
            found = tuple(passage for result in results for passage in result.passages)
            self.consultation = replace(
                self.consultation, passages=(*self.consultation.passages, *found), is_tainted=True
            )


def _numbered(calls: Sequence[ToolCall], step: str) -> list[ToolCall]:
    """The calls with ids of our own: endpoints begin anew in each reply, or give none."""
    return [replace(call, id=f"model-{step}-{n}") for n, call in enumerate(calls, start=1)]


def _unreadable(fault: str, step: int) -> CallRecord:
    return CallRecord(ToolCall(f"model-{step}-unreadable", "tool_call", {}), CallState.INVALID, reason=fault)
