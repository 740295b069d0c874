"""The answer line, from question to cited answer."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

from app.access import Access
from app.answer.checking.cite import CitedText, Citer
from app.answer.checking.locate import locate
from app.answer.checking.quote import quote_evidence
from app.answer.events import AnswerEvent, Checked, Finished, PictureRead, Piece, Retrieved, Thought
from app.answer.question.condense import condense
from app.answer.question.rewrite import rewrite
from app.answer.reading.abstain import Calibration, estimate_answerable
from app.answer.reading.excerpt import Excerpt, Reading, read_closely
from app.answer.reading.trim import trim
from app.answer.search.found_by_tools import join_found
from app.answer.search.rerank import count_candidates, rerank
from app.answer.search.retrieve import Retriever
from app.answer.search.suspicion import mark_suspicious
from app.answer.tables.answer import TableAnswers
from app.answer.text.language import question_language
from app.answer.writing.conversation import Turn, restore_turns, usable_history
from app.answer.writing.evidence import Evidence
from app.answer.writing.generate import generate_parts
from app.answer.writing.grounds import note_documents, note_grounds
from app.answer.writing.markers import Renumbering
from app.answer.writing.picture import count_words, with_picture_words
from app.answer.writing.prompt import Prompt, Prompts, build_prompt
from app.answer.writing.rehearsal import Course, Rehearsal
from app.answer.writing.results import find_computed, write_results
from app.answer.writing.thinking import Saying, Thinking, WasThinking
from app.answer.writing.usage import Written, count_usage
from app.answer.writing.variables import fill, values_of
from app.domain import (
    PLAIN,
    Answer,
    AnswerOptions,
    CallEnded,
    CallOrigin,
    CallRecord,
    CallState,
    Consultation,
    Grounds,
    Message,
    Passage,
    Question,
    Statement,
    TableAnswer,
    Tool,
    ToolCall,
    Usage,
)
from app.ports import Generator, Reranker, ToolUser
from app.settings import Settings

# Places that a small model reads, and that are quoted when nothing bears its answer out.
EXCERPTS = 2


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
        if question.image and not self._sees:
            yield PictureRead(None if question.image_text is None else count_words(question.image_text))
        asked = await self._understand(question, access, cancelled, clock)
        passages = await self._find(asked.searched, access, clock)
        computed = None if wanted else await self._compute(asked, passages, access, cancelled, options)
        if computed is not None:
            yield Retrieved(computed.passages, asked.standalone)
            yield Finished(await self._finish_computed(computed, clock))
            return
        yield Retrieved(passages, asked.standalone)
        read = await self._read(asked, passages)
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
                read = await self._read(asked, tuple(joined))
                passages = read.reading.passages
                yield Retrieved(passages, asked.standalone)
        asked = replace(asked, results=write_results(records), has_results=_holds_results(records))
        if self._abstains(read) and not asked.rests_on_more:
            nothing = quote_evidence((), read.language, was_on_web=any(passage.is_web for passage in passages))
            yield Finished(_answer(nothing, passages, clock, abstained=True))
            return
        async for event in self._write(asked, read, access, cancelled, clock, options):
            yield event

    async def rehearse(self, question: Question, *, access: Access, options: AnswerOptions = PLAIN) -> Rehearsal:
        """What `answer` does up to the moment at which the model writes: the prompt that it would be sent."""
        clock, cancelled = Clock(), Event()
        asked = await self._understand(question, access, cancelled, clock)
        passages = await self._find(asked.searched, access, clock)
        if await self._compute(asked, passages, access, cancelled, options) is not None:
            return Rehearsal(Course.COMPUTED, passages)
        read = await self._read(asked, passages)
        if self._abstains(read):
            return Rehearsal(Course.ABSTAINED, passages, probability=read.probability)
        excerpts = read.reading.excerpts(EXCERPTS)
        prompt = await asyncio.to_thread(self._prompt, asked, read, excerpts, access, options)
        tokens = await asyncio.to_thread(self.generator.count_prompt_tokens, prompt.messages)
        return Rehearsal(Course.WRITTEN, passages, prompt, tokens, read.probability)

    async def _understand(self, question: Question, access: Access, cancelled: Event, clock: "Clock") -> "Asked":
        """The question with the turns before it, and made to stand alone."""
        # A picture of an earlier turn is one more to look at for a model that does, and nothing to any other.
        said = question.history if self._sees else [replace(each, image=None) for each in question.history]
        turns = await asyncio.to_thread(restore_turns, said, database=self.retriever.database, access=access)
        history = usable_history(turns)
        standalone = await asyncio.to_thread(self._standalone, question.text, history, cancelled)
        image = question.image if self._sees else None
        image_text = (question.image_text or "") if question.image else ""
        searched = await asyncio.to_thread(with_picture_words, standalone, image_text, fits=self._fits)
        clock.lap("condense")
        return Asked(question.text, standalone, tuple(turns), searched, image, image_text)

    @property
    def _sees(self) -> bool:
        return self.settings.generator.sees_images

    def _fits(self, text: str) -> bool:
        embedder = self.retriever.embedder
        return embedder.count_tokens([text])[0] <= embedder.max_tokens

    async def _find(self, searched: str, access: Access, clock: "Clock") -> tuple[Passage, ...]:
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
        asked: "Asked",
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

    async def _read(self, asked: "Asked", passages: tuple[Passage, ...]) -> "Read":
        language = self._language(asked, passages)
        reading = await asyncio.to_thread(read_closely, asked.searched, passages, embedder=self.retriever.embedder)
        # Not each word of a picture need stand in the documents.
        probability = max(
            estimate_answerable(text, reading, language, self.calibration)
            for text in dict.fromkeys((asked.standalone, asked.searched))
        )
        return Read(reading, language, probability)

    def _consult(self, asked: "Asked", read: "Read", wanted: Sequence[ToolCall]) -> Consultation:
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

    def _abstains(self, read: "Read") -> bool:
        return not read.reading.passages or read.probability < self.settings.answer.abstain_below

    async def _write(
        self,
        asked: "Asked",
        read: "Read",
        access: Access,
        cancelled: Event,
        clock: "Clock",
        options: AnswerOptions,
    ) -> AsyncIterator[AnswerEvent]:
        """What the model writes, checked sentence by sentence; quotes where nothing bears it out."""
        reading, language = read.reading, read.language
        excerpts = reading.excerpts(EXCERPTS)
        prompt = await asyncio.to_thread(self._prompt, asked, read, excerpts, access, options)
        citer = await asyncio.to_thread(Citer, reading.passages, question=asked.searched, language=language)
        clock.lap("prompt")
        renumbering = Renumbering(prompt.ranks)
        has_begun, written = False, ""
        max_tokens = min(self.settings.generator.max_answer_tokens, options.max_tokens or sys.maxsize)
        spent = Written()
        async for part in generate_parts(
            prompt.messages,
            generator=self.generator,
            max_tokens=max_tokens,
            cancelled=cancelled,
            temperature=options.temperature,
            stop=options.stop,
        ):
            match part:
                case Thinking(text):
                    spent.think(text)
                    yield Thought(text)
                case WasThinking():
                    # It stood there as an answer; it is taken back.
                    yield Checked("", "", (), ())
                    yield Thought(written)
                    spent = Written()
                    renumbering, written = Renumbering(prompt.ranks), ""
                    citer = await asyncio.to_thread(
                        Citer, reading.passages, question=asked.standalone, language=language
                    )
                case Saying(text):
                    spent.say(text)
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
        # What a model says of a picture, or of what a program found, may stand in no document: not verified then.
        cited = citer.finish(keeps_all=asked.rests_on_more, keeps_standing=options.stands)
        is_written = bool(cited.citations or (asked.rests_on_more and cited.text))
        if not is_written:
            cited = quote_evidence(excerpts, language)
        database = self.retriever.database
        cited = replace(cited, citations=await asyncio.to_thread(locate, cited.citations, database))
        grounds = await asyncio.to_thread(note_grounds, prompt, cited.citations, database)
        answer = _answer(cited, reading.passages, clock, abstained=not (is_written or cited.citations), grounds=grounds)
        usage: Usage | None = None
        if options.counts_tokens:
            usage = await asyncio.to_thread(
                count_usage, prompt.messages, spent, generator=self.generator, max_tokens=max_tokens
            )
        yield Finished(replace(answer, model=self.model if is_written else "", usage=usage))

    async def _finish_computed(self, computed: TableAnswer, clock: "Clock") -> Answer:
        documents = {citation.document_id for citation in computed.citations}
        grounds = await asyncio.to_thread(note_documents, documents, self.retriever.database)
        return _computed_answer(computed, clock, grounds)

    def _prompt(
        self,
        asked: "Asked",
        read: "Read",
        excerpts: Sequence[Excerpt],
        access: Access,
        options: AnswerOptions,
    ) -> Prompt:
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

    def _language(self, asked: "Asked", passages: Sequence[Passage]) -> str:
        """The question's own, or that of what was found where the question's few words tell none."""
        known = self.settings.sparse.languages
        found = passages[0].language if passages else ""
        return question_language(asked.text, known) or question_language(asked.standalone, known) or found

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

    def _evidence(self, reading: Reading, excerpts: Sequence[Excerpt], access: Access) -> list[Evidence]:
        match self.settings.answer.evidence:
            case "passages":
                trimmed = trim(reading, gap=self.settings.answer.trim, database=self.retriever.database, access=access)
                return [Evidence.of_passage(passage) for passage in trimmed]
            case "excerpts":
                return [Evidence.of_excerpt(excerpt) for excerpt in excerpts]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in its conversation: as it was put, as it stands on its own, and the turns before it.

    `searched`: as it is searched for, with words of its picture. `image`: for a model that takes pictures alone.
    `results`: what tools gave for it besides passages. `has_results`: a program that asks has brought some of its own.
    """

    text: str
    standalone: str
    turns: tuple[Turn, ...]
    searched: str
    image: bytes | None = None
    image_text: str = ""
    results: str = ""
    has_results: bool = False

    @property
    def rests_on_more(self) -> bool:
        """Whether an answer may rest on more than passages: it is not refused, nor replaced by their words, then."""
        return self.image is not None or self.has_results


@dataclass(frozen=True, slots=True)
class Read:
    """The passages beside the question, and how probable it is that they answer it."""

    reading: Reading
    language: str
    probability: float


@dataclass(slots=True)
class Clock:
    """Milliseconds per stage; every stage has an entry from the start, 0 where it had nothing to do."""

    started: float = field(default_factory=time.perf_counter)
    lap_started: float = field(default_factory=time.perf_counter)
    laps: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("condense", "retrieve", "rerank", "prompt", "first_token"), 0.0)
    )

    def lap(self, stage: str) -> None:
        """Write down the time since the last lap."""
        now = time.perf_counter()
        self.laps[stage] = round((now - self.lap_started) * 1000, 2)
        self.lap_started = now

    def timings_ms(self) -> dict[str, float]:
        """All stages and the total."""
        return {**self.laps, "total": round((time.perf_counter() - self.started) * 1000, 2)}


def _instructions(options: AnswerOptions, access: Access, language: str) -> str:
    """The assistant's own words, their variables filled for this question."""
    values = values_of(
        now=datetime.now().astimezone(),
        person=options.person,
        knowledge_bases=access.readable,
        language=language,
        assistant=options.assistant,
    )
    filled = fill(options.instructions, values)
    return f"{filled}\n\n{options.added}" if options.added else filled


def _holds_results(records: Sequence[CallRecord]) -> bool:
    return any(record.call.origin is CallOrigin.CLIENT and record.result for record in records)


def _answer(
    cited: CitedText, passages: tuple[Passage, ...], clock: Clock, *, abstained: bool, grounds: Grounds | None = None
) -> Answer:
    return Answer(
        text=cited.text,
        citations=cited.citations,
        passages=passages,
        abstained=abstained,
        timings_ms=clock.timings_ms(),
        statements=cited.statements,
        grounds=grounds,
    )


def _computed_answer(computed: TableAnswer, clock: Clock, grounds: Grounds) -> Answer:
    sentence = len(computed.text.partition("\n")[0])
    is_verified = computed.table is not None and computed.table.is_sure
    statement = Statement(0, sentence, tuple(citation.n for citation in computed.citations), is_verified)
    return Answer(
        computed.text,
        computed.citations,
        computed.passages,
        computed.abstained,
        clock.timings_ms(),
        () if computed.abstained else (statement,),
        computed.table,
        grounds,
    )
