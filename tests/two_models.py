"""A service whose questions two scripted models can answer, as long as there is no pool of real ones in it.

The service's own generator answers where no model is named; under OTHER_ID another one does.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from app.access import Access
from app.answer.events import AnswerEvent
from app.db.acting_tables import OfferedModelRow
from app.domain import PLAIN, AnswerOptions, Question, ToolCall
from app.ports import Generator, ToolUser
from app.services import Services

OTHER_ID, OTHER = "0ther", "Other model"


def offer(services: Services, label: str = OTHER, id: str = OTHER_ID) -> None:
    """Offer another model by name."""
    with services.database.write() as session:
        session.add(OfferedModelRow(id=id, label=label, engine="openai", model="other", offered_by="local"))


def let_answer(patch: pytest.MonkeyPatch, other: Generator) -> None:
    """Let this generator write where OTHER_ID is asked for."""

    async def answer(
        self: Services,
        question: Question,
        *,
        access: Access,
        cancelled: threading.Event,
        options: AnswerOptions = PLAIN,
        tools: ToolUser | None = None,
        wanted: Sequence[ToolCall] = (),
    ) -> AsyncIterator[AnswerEvent]:
        await asyncio.to_thread(self.answer_line)
        generator = other if options.model == OTHER_ID else self.generator.get()
        line = self._answer_line(generator, self.settings, OTHER if options.model == OTHER_ID else "")
        events = line.answer(question, access=access, cancelled=cancelled, options=options, tools=tools, wanted=wanted)
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                yield event

    patch.setattr(Services, "answer", answer)
