"""Calls of tools as the chat page shows them: each a step between the search and the answer."""

from typing import Any, Final

import chainlit as cl

from app.db.chats import ANSWER, now
from app.domain import CallEnded, CallRecord, CallStarted, CallState, FunctionName, ToolCall, ToolEvent
from app.web.chat.markup import plain
from app.web.chat.words import Words

_SENT: Final = {FunctionName.WEB_SEARCH: "query", FunctionName.OPEN_PAGE: "url"}


class ToolSteps:
    """The steps of one answer, in their order."""

    def __init__(self, words: Words, parent_id: str | None, answer_id: str) -> None:
        self._words, self._parent_id, self._answer_id = words, parent_id, answer_id
        self._steps: dict[str, Any] = {}

    async def show(self, event: ToolEvent) -> None:
        """Begin a call's step, or bring it to its end. A call that was not let through has an end only."""
        match event:
            case CallStarted(call, host):
                await self._begin(call, name_running(call, host, self._words))
            case CallEnded(record):
                await self._end(record)

    async def give_up(self) -> None:
        """The answer ended early: what still ran is shown as stopped."""
        for step in self._steps.values():
            if step.end is None:
                step.end, step.output = now(), self._words.tools.stopped
                await step.update()

    async def _begin(self, call: ToolCall, name: str, *, is_open: bool = False) -> Any:
        step: Any = cl.Step(
            name=name,
            type="tool",
            show_input=False,
            parent_id=self._parent_id,
            default_open=is_open,
            # Chainlit would ask for a portrait of every step by its name.
            metadata={"avatarName": "Cloister", ANSWER: self._answer_id},
        )
        step.start = now()
        self._steps[call.id] = step
        await step.send()
        return step

    async def _end(self, record: CallRecord) -> None:
        name = name_ended(record, self._words)
        step = self._steps.get(record.call.id)
        if step and record.state is not CallState.DONE:
            # The page unfolds a step only when it comes: why something was not done is to be seen without a click.
            await step.remove()
            step = None
        if step is None:
            step = await self._begin(record.call, name, is_open=record.state is not CallState.DONE)
        step.name = name
        step.output = render_record(record, self._words)
        step.end = now()
        await step.update()


def name_running(call: ToolCall, host: str, words: Words) -> str:
    """What is being done, in a line."""
    return f"{_at(call, host, words)} …"


def name_ended(record: CallRecord, words: Words) -> str:
    """What was done, or that it was not, in a line."""
    name = _at(record.call, record.host, words)
    match record.state:
        case CallState.DONE:
            return name
        case CallState.DECLINED:
            return f"{name}: {words.tools.declined}"
        case CallState.FORBIDDEN:
            return f"{name}: {words.tools.forbidden}"
        case CallState.INVALID | CallState.FAILED:
            return f"{name}: {words.tools.failed}"


def render_record(record: CallRecord, words: Words) -> str:
    """What came of a call and what was sent for it, as Markdown. Pure."""
    parts = [record.result.summary if record.result else record.reason]
    sent = record.call.arguments.get(_SENT.get(record.call.name, ""))  # type: ignore[call-overload]
    if record.state is CallState.DONE and isinstance(sent, str):
        parts.append(words.tools.sent.format(text=words.notation.quote.format(text=sent)))
    return "\n\n".join(plain(part) for part in parts if part)


def _at(call: ToolCall, host: str, words: Words) -> str:
    labels = {
        FunctionName.WEB_SEARCH: words.tools.web_search,
        FunctionName.OPEN_PAGE: words.tools.open_page,
        FunctionName.SEARCH_DOCUMENTS: words.tools.search_documents,
        FunctionName.QUERY_TABLE: words.tools.query_table,
        FunctionName.READ_ALOUD: words.tools.read_aloud,
    }
    known = next((label for name, label in labels.items() if name == call.name), call.name[:60])
    return words.tools.at_host.format(tool=known, host=host) if host else known
