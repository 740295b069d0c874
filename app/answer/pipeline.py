"""The answer line, from question to cited answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from threading import Event

from app.access import Access
from app.answer.at_hand import Asked, Read
from app.answer.checked_writing import EXCERPTS, CheckedWriting
from app.answer.checking.quote import quote_evidence
from app.answer.clock import Clock
from app.answer.events import AnswerEvent, Finished, PictureRead, Retrieved
from app.answer.finish import build_answer, build_computed
from app.answer.question.understand import Understanding
from app.answer.reading.abstain import Calibration, estimate_answerable
from app.answer.reading.excerpt import read_closely
from app.answer.reading.sentence_memory import SentenceMemory
from app.answer.search.found_by_tools import join_found
from app.answer.search.rerank import count_candidates, rerank
from app.answer.search.retrieve import Retriever
from app.answer.search.suspicion import mark_suspicious
from app.answer.tables.answer import TableAnswers
from app.answer.text.language import question_language
from app.answer.writing.conversation import usable_history
from app.answer.writing.grounds import note_documents
from app.answer.writing.picture import count_words
from app.answer.writing.prompt import Prompts
from app.answer.writing.rehearsal import Course, Rehearsal
from app.answer.writing.results import find_computed, write_results
from app.domain import (
    PLAIN,
    Answer,
    AnswerOptions,
    CallEnded,
    CallOrigin,
    CallRecord,
    CallState,
    Consultation,
    Passage,
    Question,
    TableAnswer,
    Tool,
    ToolCall,
)
from app.ports import Generator, Reranker, ToolUser
from app.settings import Settings

_NO_TOOLS = "Nothing may be called here: the assistant that answers, or the owner's rules, leave no tool to use."


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """Answers questions for whoever asks; decides everything about retrieval, so that no face has to."""

    settings: Settings
    retriever: Retriever
    reranker: Reranker | None
    generator: Generator
    prompts: Prompts
    calibration: Calibration
    tables: TableAnswers
    model: str = ""
    """What people know the language model by."""
    sentences: SentenceMemory | None = None

    async def answer(
        self,
        question: Question,
        *,
        access: Access,
        cancelled: Event,
        options: AnswerOptions = PLAIN,
        tools: ToolUser | None = None,
        wanted: Sequence[ToolCall] = (),
    ) -> AsyncIterator[AnswerEvent]:
        """Retrieved, then the calls of tools, then the pieces as the model writes them, then Finished with the checked
        answer.

        `wanted`: calls that the person asks for, before the model is asked which it wants. Setting `cancelled` ends
        the writing; what is there by then is cited and finished.
        """
        clock = Clock()
        if question.image and not self.settings.generator.sees_images:
            yield PictureRead(None if question.image_text is None else count_words(question.image_text))
        asked = await self._understanding.understand(question, access, cancelled)
        clock.lap("condense")
        passages = await self._find(asked.searched, access, clock)
        computed = None if wanted else await self._compute(asked, passages, access, cancelled, options)
        if computed is not None:
            yield Retrieved(computed.passages, asked.standalone)
            yield Finished(await self._finish_computed(computed, clock))
            return
        yield Retrieved(passages, asked.standalone)
        read = await asyncio.to_thread(self._read, asked, passages)
        records: list[CallRecord] = []
        if tools is None:
            for call in wanted:
                yield CallEnded(CallRecord(call, CallState.FORBIDDEN, reason=_NO_TOOLS))
        else:
            consultation = self._consult(asked, read, wanted)
            async for called in tools.use(consultation, generator=self.generator, cancelled=cancelled):
                yield called
                if isinstance(called, CallEnded):
                    records.append(called.record)
            if (computed := find_computed(records)) is not None:
                yield Retrieved(computed.passages, asked.standalone)
                yield Finished(await self._finish_computed(computed, clock))
                return
            if found := [passage for each in records if each.result for passage in each.result.passages]:
                joined = await asyncio.to_thread(mark_suspicious, join_found(passages, found))
                read = await asyncio.to_thread(self._read, asked, tuple(joined))
                passages = read.reading.passages
                yield Retrieved(passages, asked.standalone)
        asked = replace(asked, results=write_results(records), has_results=_holds_results(records))
        if self._abstains(read) and not asked.rests_on_more:
            nothing = quote_evidence((), read.language, was_on_web=any(passage.is_web for passage in passages))
            yield Finished(build_answer(nothing, passages, clock, abstained=True))
            return
        async for event in self._writing.write(asked, read, access, cancelled, clock, options):
            yield event

    async def rehearse(self, question: Question, *, access: Access, options: AnswerOptions = PLAIN) -> Rehearsal:
        """What `answer` does up to the moment at which the model writes: the prompt that it would be sent."""
        clock, cancelled = Clock(), Event()
        asked = await self._understanding.understand(question, access, cancelled)
        clock.lap("condense")
        passages = await self._find(asked.searched, access, clock)
        if await self._compute(asked, passages, access, cancelled, options) is not None:
            return Rehearsal(Course.COMPUTED, passages)
        read = await asyncio.to_thread(self._read, asked, passages)
        if self._abstains(read):
            return Rehearsal(Course.ABSTAINED, passages, probability=read.probability)
        excerpts = read.reading.excerpts(EXCERPTS)
        prompt = await asyncio.to_thread(self._writing.build_prompt, asked, read, excerpts, access, options)
        tokens = await asyncio.to_thread(self.generator.count_prompt_tokens, prompt.messages)
        return Rehearsal(Course.WRITTEN, passages, prompt, tokens, read.probability)

    @property
    def _understanding(self) -> Understanding:
        retriever = self.retriever
        return Understanding(self.settings, retriever.database, retriever.embedder, self.generator, self.prompts)

    @property
    def _writing(self) -> CheckedWriting:
        return CheckedWriting(self.settings, self.retriever.database, self.generator, self.prompts, self.model)

    async def _find(self, searched: str, access: Access, clock: Clock) -> tuple[Passage, ...]:
        """The passages, best first."""
        k = self.settings.retrieve.passages
        candidates = count_candidates(k, self.settings.reranker)
        found = await asyncio.to_thread(self.retriever.retrieve, searched, access=access, k=candidates)
        clock.lap("retrieve")
        passages = await asyncio.to_thread(rerank, searched, found, self.reranker, k)
        clock.lap("rerank")
        return tuple(await asyncio.to_thread(mark_suspicious, passages))

    async def _compute(
        self,
        asked: Asked,
        passages: Sequence[Passage],
        access: Access,
        cancelled: Event,
        options: AnswerOptions,
    ) -> TableAnswer | None:
        if Tool.TABLES not in options.tools:
            return None
        return await asyncio.to_thread(
            self.tables.answer, asked.standalone, passages, access=access, cancelled=cancelled
        )

    def _read(self, asked: Asked, passages: tuple[Passage, ...]) -> Read:
        language = self._language(asked, passages)
        reading = read_closely(asked.searched, passages, embedder=self.retriever.embedder, memory=self.sentences)
        # Not each word of a picture need stand in the documents.
        probability = max(
            estimate_answerable(text, reading, language, self.calibration)
            for text in dict.fromkeys((asked.standalone, asked.searched))
        )
        return Read(reading, language, probability)

    def _language(self, asked: Asked, passages: Sequence[Passage]) -> str:
        """The question's own, or that of what was found where the question's few words tell none."""
        known = self.settings.sparse.languages
        found = passages[0].language if passages else ""
        return question_language(asked.text, known) or question_language(asked.standalone, known) or found

    def _consult(self, asked: Asked, read: Read, wanted: Sequence[ToolCall]) -> Consultation:
        passages = read.reading.passages
        return Consultation(
            question=asked.text,
            history=tuple(usable_history(asked.turns)),
            passages=passages,
            wanted=tuple(wanted),
            is_answerable=not self._abstains(read),
            # An answer repeats what it was written from; what a picture says nobody typed.
            is_tainted=bool(passages)
            or bool(asked.image or asked.image_text)
            or any(turn.answer or turn.image or turn.image_text for turn in asked.turns),
        )

    def _abstains(self, read: Read) -> bool:
        return not read.reading.passages or read.probability < self.settings.answer.abstain_below

    async def _finish_computed(self, computed: TableAnswer, clock: Clock) -> Answer:
        documents = {citation.document_id for citation in computed.citations}
        grounds = await asyncio.to_thread(note_documents, documents, self.retriever.database)
        return build_computed(computed, clock, grounds)


def _holds_results(records: Sequence[CallRecord]) -> bool:
    return any(record.call.origin is CallOrigin.CLIENT and record.result for record in records)
