"""What a reasoning model thinks before it answers: one folded step, and no part of the answer."""

import time
from collections.abc import Sequence
from typing import Any

import chainlit as cl

from app.db.chats import ANSWER, QUOTED_DOCUMENTS, now
from app.web.chat.safe_markdown import make_safe
from app.web.chat.words import Words


class ThoughtStep:
    """The step of one answer. Nothing is shown of a model that does not think aloud."""

    def __init__(self, words: Words, parent_id: str | None, answer_id: str) -> None:
        self._words, self._parent_id, self._answer_id = words, parent_id, answer_id
        self._step: Any = None
        self._text = ""
        self._began = 0.0

    async def feed(self, text: str, document_ids: Sequence[str]) -> None:
        """The next piece. `document_ids`: what it may quote, so that it goes when they do."""
        self._text += text
        if self._step is None:
            self._began = time.monotonic()
            self._step = cl.Step(
                name=self._words.answer.thinking,
                type="tool",
                show_input=False,
                parent_id=self._parent_id,
                metadata={"avatarName": "Cloister", ANSWER: self._answer_id, QUOTED_DOCUMENTS: list(document_ids)},
            )
            self._step.start = now()
            await self._step.send()

    async def end(self) -> None:
        """The model has begun to answer, or was stopped: what it thought can be unfolded."""
        if self._step is None or self._step.end is not None:
            return
        seconds = max(1, round(time.monotonic() - self._began))
        self._step.name = self._words.answer.thought_for.format(seconds=seconds)
        self._step.output = make_safe(self._text.strip(), self._words.answer.picture_not_loaded)
        self._step.end = now()
        await self._step.update()
