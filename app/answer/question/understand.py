"""What is asked: the question in its conversation, made to stand alone, with the words of its picture."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event

from app.access import Access
from app.answer.at_hand import Asked
from app.answer.question.condense import condense
from app.answer.question.rewrite import rewrite
from app.answer.writing.conversation import restore_turns, usable_history
from app.answer.writing.picture import with_picture_words
from app.answer.writing.prompt import Prompts
from app.db.session import Database
from app.domain import Message, Question
from app.ports import Embedder, Generator
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a question is understood with. `embedder`: its window limits what is searched for."""

    settings: Settings
    database: Database
    embedder: Embedder
    generator: Generator
    prompts: Prompts

    async def understand(self, question: Question, access: Access, cancelled: Event) -> Asked:
        """The question with the turns before it, and made to stand alone."""
        sees = self.settings.generator.sees_images
        # A picture of an earlier turn is one more to look at for a model that does, and nothing to any other.
        said = question.history if sees else [replace(each, image=None) for each in question.history]
        turns = await asyncio.to_thread(restore_turns, said, database=self.database, access=access)
        history = usable_history(turns)
        standalone = await asyncio.to_thread(self._standalone, question.text, history, cancelled)
        image = question.image if sees else None
        image_text = (question.image_text or "") if question.image else ""
        searched = await asyncio.to_thread(with_picture_words, standalone, image_text, fits=self._fits)
        return Asked(question.text, standalone, tuple(turns), searched, image, image_text)

    def _fits(self, text: str) -> bool:
        return self.embedder.count_tokens([text])[0] <= self.embedder.max_tokens

    def _standalone(self, question: str, history: Sequence[Message], cancelled: Event) -> str:
        if not self.settings.answer.model_condenses:
            return condense(question, history)
        return rewrite(
            question,
            history,
            generator=self.generator,
            template=self.prompts.condense,
            cancelled=cancelled,
        )
