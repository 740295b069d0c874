"""Carries calls out: each through the gate, those that were let through side by side."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

from app.domain import CallEnded, CallRecord, CallStarted, CallState, Consultation, ToolCall, ToolEvent
from app.errors import CloisterError
from app.tools.function import Admitted, Gate, ToolFunction

log = logging.getLogger(__name__)

POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Workshop:
    """What it takes. `functions`: by name."""

    functions: Mapping[str, ToolFunction]
    gate: Gate
    timeout_s: float


async def carry_out(
    calls: Sequence[ToolCall], *, workshop: Workshop, consultation: Consultation, cancelled: Event
) -> AsyncIterator[ToolEvent]:
    """The calls, whose functions are known and whose arguments fit, as they begin and end.

    People are asked one question after the other; what was let through meanwhile is at work already. However the
    caller leaves, and once `cancelled` is set, everything is stopped at once.
    """
    events: asyncio.Queue[ToolEvent | None] = asyncio.Queue()
    work = asyncio.create_task(_work(calls, workshop, consultation, events))
    work.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await _next(events, cancelled)) is not None:
            yield event
        if work.done():
            work.result()  # a bug, if anything
    finally:
        work.cancel()
        await asyncio.wait([work])


async def _next(events: "asyncio.Queue[ToolEvent | None]", cancelled: Event) -> ToolEvent | None:
    """The next event; None at the end, and soon after `cancelled` is set."""
    while not cancelled.is_set():
        try:
            async with asyncio.timeout(POLL_S):
                return await events.get()
        except TimeoutError:
            continue
    return None


async def _work(
    calls: Sequence[ToolCall],
    workshop: Workshop,
    consultation: Consultation,
    events: "asyncio.Queue[ToolEvent | None]",
) -> None:
    async with asyncio.TaskGroup() as group:
        for call in calls:
            function = workshop.functions[call.name]
            admitted = await _admit(call, function, workshop.gate, consultation)
            if isinstance(admitted, CallRecord):
                events.put_nowait(CallEnded(admitted))
                continue
            events.put_nowait(CallStarted(admitted.call, admitted.host))
            group.create_task(_run(admitted, function, workshop.timeout_s, events))


async def _admit(
    call: ToolCall, function: ToolFunction, gate: Gate, consultation: Consultation
) -> Admitted | CallRecord:
    try:
        return await gate.admit(call, function, consultation)
    except CloisterError as exc:
        return CallRecord(call, CallState.FAILED, reason=str(exc))


async def _run(
    admitted: Admitted, function: ToolFunction, timeout_s: float, events: "asyncio.Queue[ToolEvent | None]"
) -> None:
    stopped = Event()
    call, host = admitted.call, admitted.host
    try:
        async with asyncio.timeout(timeout_s):
            result = await function.run(call.arguments, cancelled=stopped)
        record = CallRecord(call, CallState.DONE, result, host=host)
    except TimeoutError:
        reason = (
            f"It did not finish within {timeout_s:g} seconds and was given up; the owner can raise tools.timeout_s."
        )
        record = CallRecord(call, CallState.FAILED, reason=reason, host=host)
    except CloisterError as exc:
        record = CallRecord(call, CallState.FAILED, reason=str(exc), host=host)
    except Exception as exc:  # noqa: BLE001 - the answer goes on without it, and both are told
        # Where, and what kind; the message may quote what was asked.
        where = "".join(traceback.format_tb(exc.__traceback__))
        log.error("The tool %s failed with %s:\n%s", call.name, type(exc).__name__, where)
        reason = "It failed for a reason that was not expected. The answer does without it; the log says more."
        record = CallRecord(call, CallState.FAILED, reason=reason, host=host)
    finally:
        stopped.set()
    events.put_nowait(CallEnded(record))
