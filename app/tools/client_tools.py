"""Functions of a program that asks through the API: the language model may want them called, the program calls them.

Nothing of it is carried out here, and no gate is asked: a wanted call goes back to whoever asked, who may read all that
the model has read. What the program says that its functions gave is text that others wrote, like a page of the web.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from string import Template
from threading import Event
from typing import Final

from app.answer.text.untrusted import defuse
from app.domain import CallEnded, CallOrigin, CallRecord, Consultation, Message, Role, ToolCall, ToolEvent, ToolSpec
from app.errors import Rejected
from app.ports import Chosen, Generator, ToolUser
from app.tools.calling.check import key_of
from app.tools.calling.decision import ask_again, build_decision

log = logging.getLogger(__name__)
LEAST_TOKENS: Final = 512


class CallsWanted(Exception):
    """The language model wants these called before it answers: the answer ends here, and goes on in another request."""

    def __init__(self, calls: Sequence[ToolCall]) -> None:
        super().__init__(f"{len(calls)} calls")
        self.calls = tuple(calls)


@dataclass(frozen=True, slots=True)
class ClientTools:
    """A `ToolUser` that asks for the program's functions first, and then goes on with Cloister's own (`own`).

    `specs`: those that may be wanted; none where the program says so. `must`: one has to be. `records`: what has been
    called for this question. `instructions`: the program's own. `template`: of the question to the model
    (`Prompts.tools`). `max_tokens`: of a decision.
    """

    specs: Sequence[ToolSpec]
    records: Sequence[CallRecord]
    template: Template
    own: ToolUser | None
    must: bool = False
    instructions: str = ""
    max_tokens: int = LEAST_TOKENS

    async def use(
        self, consultation: Consultation, *, generator: Generator, cancelled: Event
    ) -> AsyncIterator[ToolEvent]:
        """What the program's calls gave, then the calls of Cloister's own tools. Raises CallsWanted; Rejected where
        one must be wanted and none is.
        """
        for record in self.records:
            yield CallEnded(record)
        # A program may have put anything into its messages: nothing leaves the machine without a person's yes.
        tainted = replace(consultation, is_tainted=True)
        if self.specs and (wanted := await self._ask(tainted, generator, cancelled)):
            raise CallsWanted(wanted)
        if self.must:
            raise Rejected(
                "The language model that answers here chose no function, and this request lets it do nothing else. "
                "Nothing was called. Send it with tool_choice “auto”, or let the owner choose a model that calls "
                "functions (tools.calls in the settings)."
            )
        if self.own:
            async with aclosing(self.own.use(tainted, generator=generator, cancelled=cancelled)) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event

    async def _ask(self, consultation: Consultation, generator: Generator, cancelled: Event) -> list[ToolCall]:
        marks = generator.control_tokens
        messages = build_decision(consultation, self.records, self.template, marks=marks)
        if self.instructions:
            messages = [Message(Role.SYSTEM, defuse(self.instructions, marks)), *messages]
        chosen = await self._choose(messages, generator, cancelled)
        wanted, faults = self._sort(chosen)
        if faults and not wanted:
            again = await self._choose(ask_again(messages, chosen.calls, faults, marks=marks), generator, cancelled)
            wanted, faults = self._sort(again)
        if faults:
            log.warning("The language model wanted %d calls of a program's functions that cannot be made.", len(faults))
        return wanted

    async def _choose(self, messages: Sequence[Message], generator: Generator, cancelled: Event) -> Chosen:
        try:
            return await asyncio.to_thread(
                generator.choose,
                messages,
                self.specs,
                max_tokens=max(self.max_tokens, LEAST_TOKENS),
                cancelled=cancelled,
                must=self.must,
            )
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def _sort(self, chosen: Chosen) -> tuple[list[ToolCall], list[str]]:
        """The calls of functions that there are, each once and none again, with ids that are good for the whole
        conversation; and what is wrong with the others. Whether arguments fit is for the program to say.
        """
        names = [spec.name for spec in self.specs]
        made = {key_of(record.call) for record in self.records}
        new = {key_of(call): call for call in chosen.calls if key_of(call) not in made}
        unknown = [
            f"There is no function “{call.name[:64]}”. There are: {', '.join(names)}."
            for call in new.values()
            if call.name not in names
        ]
        fitting = [
            replace(call, id=f"call_{uuid.uuid4().hex[:24]}", origin=CallOrigin.CLIENT)
            for call in new.values()
            if call.name in names
        ]
        return fitting, [*chosen.faults, *unknown]
