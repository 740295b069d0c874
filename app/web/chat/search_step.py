"""The search of a question as the chat page shows it: one folded step before the answer."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import chainlit as cl

from app.db.chats import PASSAGES, QUOTED_DOCUMENTS, now
from app.domain import Answer, Citation, Passage
from app.web.chat.evidence import build_elements
from app.web.chat.memo import render_passages, search_summary
from app.web.chat.shown import list_quoted, list_shown
from app.web.chat.words import Words


class SearchStep:
    """The step of one answer. `passages`: what the answer may cite by now."""

    def __init__(self, words: Words, parent_id: str | None) -> None:
        self._words = words
        self._shown: set[str] = set()
        self._step: Any = cl.Step(
            name=words.search.searching,
            type="tool",
            show_input=False,
            parent_id=parent_id,
            # Chainlit would ask for a portrait of every step by its name.
            metadata={"avatarName": "Cloister"},
        )
        self.passages: tuple[Passage, ...] = ()

    @property
    def has_found(self) -> bool:
        """Whether it shows what was found, be it nothing."""
        return self._step.end is not None

    @property
    def id(self) -> str:
        """The step's id; "" as long as it shows nothing."""
        return self._step.id if self.has_found else ""

    async def begin(self) -> None:
        """The question is being searched for."""
        self._step.start = now()
        await self._step.send()

    async def show(self, passages: tuple[Passage, ...]) -> None:
        """What was found. It comes again where tools have found more: what is there stays."""
        self.passages = passages
        self._step.name = search_summary(passages, self._words)
        self._step.output = render_passages(passages, self._words)
        self._keep_shown(passages, ())
        self._step.elements = [e for e in build_elements(passages, self._words) if e.name not in self._shown]
        self._shown.update(element.name for element in self._step.elements)
        self._step.end = now()
        await self._step.update()

    async def mark_cited(self, answer: Answer) -> None:
        """The answer is whole: which passages it cites is known."""
        self.passages = answer.passages
        cited = {citation.n for citation in answer.citations}
        self._step.output = render_passages(answer.passages, self._words, cited)
        self._keep_shown(answer.passages, answer.citations)
        self._step.elements = []  # they are there already
        await self._step.update()

    async def give_up(self, *, is_nothing: bool) -> None:
        """The answer ended early: a search without an end goes, and any where nothing is left of the answer."""
        if self._step.start and (not self.has_found or is_nothing):
            await self._step.remove()

    def _keep_shown(self, passages: Sequence[Passage], citations: Sequence[Citation]) -> None:
        """What of which documents was shown, as data: should the answer be judged, it is known what it rested on."""
        self._step.metadata[QUOTED_DOCUMENTS] = list_quoted((*passages, *citations))
        self._step.metadata[PASSAGES] = [asdict(each) for each in list_shown(passages, citations)]
