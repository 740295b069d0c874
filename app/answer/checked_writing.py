"""Writing under the check: what the model writes is cited sentence by sentence as it comes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

from app.access import Access
from app.answer.at_hand import Asked, Read
from app.answer.checking.cite import Citer
from app.answer.checking.locate import locate
from app.answer.checking.quote import quote_evidence
from app.answer.clock import Clock
from app.answer.events import AnswerEvent, Checked, Finished, Piece, Thought
from app.answer.finish import build_answer
from app.answer.reading.excerpt import Excerpt, Reading
from app.answer.reading.trim import trim
from app.answer.writing.evidence import Evidence
from app.answer.writing.generate import generate_parts
from app.answer.writing.grounds import note_grounds
from app.answer.writing.markers import Renumbering
from app.answer.writing.prompt import Prompt, Prompts, build_prompt
from app.answer.writing.thinking import Saying, Thinking, WasThinking
from app.answer.writing.variables import fill, values_of
from app.db.session import Database
from app.domain import AnswerOptions
from app.ports import Generator
from app.settings import Settings

# Places that a small model reads, and that are quoted when nothing bears its answer out.
EXCERPTS = 2


@dataclass(frozen=True, slots=True)
class CheckedWriting:
    """`model`: what people know the language model by."""

    settings: Settings
    database: Database
    generator: Generator
    prompts: Prompts
    model: str

    async def write(
        self,
        asked: Asked,
        read: Read,
        access: Access,
        cancelled: Event,
        clock: Clock,
        options: AnswerOptions,
    ) -> AsyncIterator[AnswerEvent]:
        """The pieces, the checked sentences and, last, Finished; with quotes where nothing bears the model out."""
        reading, language = read.reading, read.language
        excerpts = reading.excerpts(EXCERPTS)
        prompt = await asyncio.to_thread(self.build_prompt, asked, read, excerpts, access, options)
        citer = await asyncio.to_thread(Citer, reading.passages, question=asked.searched, language=language)
        clock.lap("prompt")
        renumbering = Renumbering(prompt.ranks)
        has_begun, written = False, ""
        async for part in generate_parts(
            prompt.messages,
            generator=self.generator,
            max_tokens=self.settings.generator.max_answer_tokens,
            cancelled=cancelled,
            temperature=options.temperature,
        ):
            match part:
                case Thinking(text):
                    yield Thought(text)
                case WasThinking():
                    # It stood there as an answer; it is taken back.
                    yield Checked("", "", (), ())
                    yield Thought(written)
                    renumbering, written = Renumbering(prompt.ranks), ""
                    citer = await asyncio.to_thread(
                        Citer, reading.passages, question=asked.standalone, language=language
                    )
                case Saying(text):
                    if not has_begun:
                        clock.lap("first_token")
                        has_begun = True
                    if shown := renumbering.feed(text):
                        written += shown
                        yield Piece(shown)
                        if checked := citer.feed(shown):
                            yield checked
        if shown := renumbering.rest():
            yield Piece(shown)
            citer.feed(shown)
        # What a model says of a picture may stand in no document; it is marked as not verified then.
        cited = citer.finish(keeps_all=asked.image is not None)
        is_written = bool(cited.citations or (asked.image and cited.text))
        if not is_written:
            cited = quote_evidence(excerpts, language)
        cited = replace(cited, citations=await asyncio.to_thread(locate, cited.citations, self.database))
        grounds = await asyncio.to_thread(note_grounds, prompt, cited.citations, self.database)
        answer = build_answer(
            cited, reading.passages, clock, abstained=not (is_written or cited.citations), grounds=grounds
        )
        yield Finished(replace(answer, model=self.model if is_written else ""))

    def build_prompt(
        self,
        asked: Asked,
        read: Read,
        excerpts: Sequence[Excerpt],
        access: Access,
        options: AnswerOptions,
    ) -> Prompt:
        """What the model is sent. Sync: call it in a thread."""
        return build_prompt(
            asked.text,
            self._evidence(read.reading, excerpts, access),
            asked.turns,
            prompts=self.prompts.with_instructions(_instructions(options, access, read.language)),
            generator=self.generator,
            max_answer_tokens=self.settings.generator.reply_tokens,
            image=asked.image,
            image_text=asked.image_text,
            results=asked.results,
        )

    def _evidence(self, reading: Reading, excerpts: Sequence[Excerpt], access: Access) -> list[Evidence]:
        match self.settings.answer.evidence:
            case "passages":
                trimmed = trim(reading, gap=self.settings.answer.trim, database=self.database, access=access)
                return [Evidence.of_passage(passage) for passage in trimmed]
            case "excerpts":
                return [Evidence.of_excerpt(excerpt) for excerpt in excerpts]


def _instructions(options: AnswerOptions, access: Access, language: str) -> str:
    """The assistant's own words, their variables filled for this question."""
    values = values_of(
        now=datetime.now().astimezone(),
        person=options.person,
        knowledge_bases=access.readable,
        language=language,
        assistant=options.assistant,
    )
    return fill(options.instructions, values)
