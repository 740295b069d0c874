"""Everything long-lived, in one hand: built once by `app.bootstrap`, used by the faces, closed once."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from app.access import Access
from app.answer.events import AnswerEvent
from app.answer.pipeline import AnswerLine
from app.answer.reading.abstain import Calibration
from app.answer.reading.sentence_memory import SentenceMemory
from app.answer.search.rerank import count_candidates, rerank
from app.answer.search.retrieve import Retriever
from app.answer.search.suspicion import mark_suspicious
from app.answer.tables.answer import TableAnswers
from app.answer.text.instructions import reads_like_instructions
from app.answer.writing.prompt import Prompts
from app.db.files import FileStore
from app.db.refusal_writer import RefusalWriter
from app.db.sealing import Seal, SealedText
from app.db.session import Database
from app.domain import PLAIN, AnswerOptions, Passage, Question, TableAnswer, ToolCall
from app.egress.allow_list import AllowList
from app.engines.identity.openid import OpenIdProvider
from app.errors import CloisterError, EngineUnavailable, StoreAway
from app.lab.ask import Asker
from app.lab.comparisons import Comparisons
from app.lab.sweep_line import SweepLine
from app.lab.trials import Trials
from app.model_pool import ModelPool, PooledModel
from app.observe.logs import describe_error
from app.ports import (
    Embedder,
    Generator,
    Reranker,
    SparseEncoder,
    Speaker,
    ToolUser,
    Transcriber,
    VectorIndex,
)
from app.settings import GeneratorSettings, Settings, chat_files_dir
from app.speech.kept import SpokenTexts
from app.stopping import STOPPING, InHand
from app.tools.web.access import WebAccess
from app.warm import Warm
from ingest.document_line import DocumentLine
from ingest.flagging import Flagging
from ingest.patience import wait_for_stores
from ingest.removal import Removal
from ingest.sandbox import Sandbox
from ingest.workflows import IngestLine

log = logging.getLogger("cloister")


def _close_aside(generator: Generator) -> None:
    """Free a model without keeping anybody waiting: it may still be computing its last token."""
    threading.Thread(target=generator.close, name="close-model", daemon=True).start()


def _close(close: Callable[[], None]) -> None:
    """Close an engine. One that cannot end in order (its disk is full) keeps no other from doing so."""
    try:
        close()
    except Exception as exc:  # noqa: BLE001 - vendors' errors of any kind; what was acknowledged is on the disk by then
        log.error("An engine did not end in order: %s", describe_error(exc))


def _is_same(one: GeneratorSettings, other: GeneratorSettings) -> bool:
    """Whether both are one model: it need not be open twice."""
    return one.model_copy(update={"sees_images": other.sees_images}) == other


@dataclass(slots=True)
class Services:
    """The stores, the engines and the two lines.

    A running service calls `warm_up` and refuses work until it is ready; a single command calls nothing and
    waits for just the engines it uses.
    """

    settings: Settings
    database: Database
    files: FileStore
    prompts: Prompts
    sparse: SparseEncoder
    sandbox: Sandbox
    ingest_line: IngestLine
    sweep_line: SweepLine
    embedder: Warm[Embedder]
    index: Warm[VectorIndex]
    reranker: Warm[Reranker | None]
    generator: Warm[Generator]
    web: Warm[WebAccess | None]
    """Web search and single pages; None where the settings switch them off."""
    speaker: Warm[Speaker | None]
    transcriber: Warm[Transcriber | None]
    configured_generator: GeneratorSettings
    """What files and environment say of the language model, whatever an admin chose in the browser."""
    build_generator: Callable[[GeneratorSettings], Generator]
    get_offered: Callable[[str], PooledModel]
    """The offered model with this id. Raises NotFound, SettingsError."""
    seal: Seal
    session_secret: str
    local_token: str
    allowed: AllowList
    """What may be connected to; held to where `egress.enforce` is on."""
    refusals: RefusalWriter
    openid: OpenIdProvider | None = None
    """The provider that signs people in; None where the settings name none."""
    pool: ModelPool = field(init=False)
    """The offered models that are open."""
    comparisons: Comparisons = field(default_factory=Comparisons)
    in_hand: InHand = field(default_factory=InHand)
    _warming: threading.Thread | None = None
    _trouble: CloisterError | None = None
    _launch: threading.Lock = field(default_factory=threading.Lock)
    _launched: bool = False
    choosing: threading.Lock = field(default_factory=threading.Lock)
    """Held while another language model is tried: one at a time."""
    spoken: SpokenTexts = field(default_factory=SpokenTexts)
    sentences: SentenceMemory = field(default_factory=SentenceMemory)
    _exchange: threading.Lock = field(default_factory=threading.Lock)
    _then: Callable[[], None] = lambda: None
    _closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        kept = self.settings.generator.kept_models
        self.pool = ModelPool(lambda settings: self.build_generator(settings), kept=kept)

    def warm_up(self, then: Callable[[], None] = lambda: None) -> None:
        """Load all engines in the background, take up unfinished jobs, and then call `then`."""
        self._start_warming(self._load, then)

    def _start_warming(self, load: Callable[[], object], then: Callable[[], None]) -> None:
        self._then = then

        def run() -> None:
            try:
                wait_for_stores(load, self._closing, told=self._note_trouble)
                self._trouble = None
                then()
            except CloisterError as exc:
                self._trouble = exc
                log.error("The service cannot get ready: %s", exc)
            except Exception as exc:
                # Without this the thread would end in silence and the service would pass for ready.
                kind = type(exc).__name__
                self._trouble = EngineUnavailable(f"The service cannot get ready: an internal error ({kind}).")
                raise

        self._warming = threading.Thread(target=run, name="warm-up", daemon=True)
        self._warming.start()

    def work_up(self) -> None:
        """Load what takes documents in, in the background, and begin; a worker has no use for the rest."""
        self._start_warming(self.ingest, lambda: None)

    def raise_trouble(self) -> None:
        """Raises CloisterError where the service cannot get ready, and waiting does not help."""
        if self._trouble and not isinstance(self._trouble, StoreAway):
            raise self._trouble

    def _load(self) -> None:
        self.index.get()
        self.reranker.get()
        self.generator.get()
        self.ingest()

    def _note_trouble(self, trouble: CloisterError) -> None:
        self._trouble = trouble

    def require_ready(self) -> None:
        """Raises EngineUnavailable while the engines of a running service load, when one failed, and once it stops."""
        if self.in_hand.is_stopping:
            raise EngineUnavailable(STOPPING)
        if self._trouble:
            raise EngineUnavailable(str(self._trouble))
        if self._warming and self._warming.is_alive():
            raise EngineUnavailable("Cloister is warming up: the models are being loaded. Try again in a few seconds.")

    @property
    def is_serving(self) -> bool:
        """Whether this is a service that runs, and not a single command."""
        return self._warming is not None

    def retriever(self) -> Retriever:
        """The search half of the answer line. Waits for the embedder and the index."""
        return Retriever(self.settings.retrieve, self.database, self.embedder.get(), self.sparse, self.index.get())

    def search(self, question: str, *, access: Access, k: int) -> list[Passage]:
        """The best `k` passages, reranked where a reranker is on. Sync: call it in a thread.

        Raises EngineUnavailable, ModelMismatch.
        """
        candidates = count_candidates(k, self.settings.reranker)
        found = self.retriever().retrieve(question, access=access, k=candidates)
        return mark_suspicious(rerank(question, found, self.reranker.get(), k))

    def ask_tables(
        self, question: str, *, access: Access, cancelled: threading.Event, model: str = ""
    ) -> TableAnswer | None:
        """What can be computed of the tables for a question; None where none is about it. Sync: call it in a thread.

        Raises EngineUnavailable, NotFound for an unknown model.
        """
        found = self.search(question, access=access, k=self.settings.retrieve.passages)
        with self.answering(model) as line:
            return line.tables.answer(question, found, access=access, cancelled=cancelled)

    def answer_line(self) -> AnswerLine:
        """The answer line. Waits for every engine. An exchange of the language model closes it; see `answering`."""
        generator = self.generator.get()
        return self._answer_line(generator, self.settings, generator.model_id)

    @contextmanager
    def answering(self, model: str = "") -> Iterator[AnswerLine]:
        """The answer line, whose language model stays open until it is given back. Waits for every engine.

        `model`: the id of an offered one, "" for the service's own. Raises NotFound.
        """
        with ExitStack() as stack:
            if model:
                offered = self.get_offered(model)
                if not _is_same(offered.settings, self.settings.generator):
                    settings = self.settings.model_copy(update={"generator": offered.settings})
                    generator = stack.enter_context(self.pool.borrow(offered))
                    yield self._answer_line(generator, settings, offered.label)
                    return
            with self._exchange:
                generator, settings = stack.enter_context(self.generator.borrow()), self.settings
            yield self._answer_line(generator, settings, generator.model_id)

    @contextmanager
    def trying(self, model: PooledModel) -> Iterator[Generator]:
        """A model to try out: the service's own if it is the same, else one of its own that is closed afterwards."""
        if _is_same(model.settings, self.settings.generator):
            with self.generator.borrow() as generator:
                yield generator
            return
        generator = self.build_generator(model.settings)
        try:
            yield generator
        finally:
            generator.close()

    @asynccontextmanager
    async def _answering_aside(self, model: str) -> AsyncIterator[AnswerLine]:
        """The same for the event loop, which does not wait while engines load."""
        stack = ExitStack()
        entering = asyncio.ensure_future(asyncio.to_thread(stack.enter_context, self.answering(model)))
        try:
            line = await asyncio.shield(entering)
        except asyncio.CancelledError:
            # The thread goes on; what it has borrowed by its end is given back then.
            entering.add_done_callback(lambda entered: stack.close() if entered.exception() is None else None)
            raise
        with stack:
            yield line

    async def answer(
        self,
        question: Question,
        *,
        access: Access,
        cancelled: threading.Event,
        options: AnswerOptions = PLAIN,
        tools: ToolUser | None = None,
        wanted: Sequence[ToolCall] = (),
    ) -> AsyncIterator[AnswerEvent]:
        """An answer, event by event, from one language model to its end. Raises CloisterError."""
        async with self._answering_aside(options.model) as line:
            events = line.answer(
                question, access=access, cancelled=cancelled, options=options, tools=tools, wanted=wanted
            )
            async with aclosing(events) as stream:  # type: ignore[type-var]
                async for event in stream:
                    yield event

    def put_generator(self, generator: Generator, settings: GeneratorSettings) -> None:
        """Let another language model write from now on. Running answers finish on the old one, which is closed then.

        A service that could not get ready for want of a model tries again.
        """
        with self._exchange:
            self.settings = self.settings.model_copy(update={"generator": settings})
            self.generator.exchange(generator, close=_close_aside)
        if self._trouble:
            self._trouble = None
            self.warm_up(self._then)

    def _answer_line(self, generator: Generator, settings: Settings, model: str) -> AnswerLine:
        return AnswerLine(
            model=model,
            settings=settings,
            retriever=self.retriever(),
            reranker=self.reranker.get(),
            generator=generator,
            prompts=self.prompts,
            calibration=Calibration.read(settings.answer.calibration),
            tables=TableAnswers(settings, self.database, self.files, self.sandbox, generator),
            sentences=self.sentences,
        )

    def ingest(self) -> IngestLine:
        """The ingest line, at work. Waits for the embedder and the index."""
        with self._launch:
            if not self._launched:
                self.sandbox.warm()
                self._prepare_sweeps()
                self.ingest_line.launch(self.document_line())
                self.sweep_line.take_up()
                self._launched = True
        return self.ingest_line

    def sweeps(self) -> SweepLine:
        """The lab's comparisons, at work. Waits for the embedder, the index and the reranker."""
        self.ingest()
        return self.sweep_line

    def _prepare_sweeps(self) -> None:
        embedder, reranker = self.embedder.get(), self.reranker.get()
        asker = Asker(self.retriever(), embedder, reranker, self.settings.reranker)
        self.sweep_line.prepare(asker, Trials(self.database, self.ingest_line.reindexing, self.ingest_line.jobs.cancel))

    def passwords(self, known: SealedText | None) -> tuple[str, ...]:
        """The passwords to try on a protected file, the one it was taken in with first."""
        opened = None if known is None else self.seal.open_text(known)
        others = tuple(secret.get_secret_value() for secret in self.settings.parse.pdf.passwords)
        return others if opened is None else (opened, *others)

    def document_line(self) -> DocumentLine:
        """One document's way in. Waits for the embedder and the index."""
        index, embedder = self.index.get(), self.embedder.get()
        return DocumentLine(
            settings=self.settings,
            database=self.database,
            files=self.files,
            sandbox=self.sandbox,
            seal=self.seal,
            embedder=embedder,
            sparse=self.sparse,
            index=index,
            flagging=Flagging(self.database, index, embedder.model_id, reads_like_instructions),
            removal=Removal(
                self.database, self.files, index, chat_files_dir(self.settings.data_dir), self.sentences.clear
            ),
        )

    def begin_stop(self) -> None:
        """Begin nothing new from now on; what is at hand goes on until `close`."""
        self.in_hand.begin_stop()
        if self._launched:
            self.ingest_line.stop_taking()

    def close(self) -> None:
        """Stop the work, then close the engines and the stores. What was interrupted goes on at the next start."""
        self._closing.set()
        if self._warming:
            self._warming.join()
        self.sweep_line.close()
        self.ingest_line.close()
        self.sandbox.close()
        self.pool.close()
        for engine in (
            self.transcriber.peek(),
            self.speaker.peek(),
            self.generator.peek(),
            self.reranker.peek(),
            self.index.peek(),
            self.embedder.peek(),
        ):
            if engine is not None:
                _close(engine.close)
        self.refusals.close()
        self.database.close()
