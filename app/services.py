"""Everything long-lived, in one hand: built once by `app.bootstrap`, used by the faces, closed once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.access import Access
from app.answer.pipeline import AnswerLine
from app.answer.reading.abstain import Calibration
from app.answer.search.rerank import count_candidates, rerank
from app.answer.search.retrieve import Retriever
from app.answer.tables.answer import TableAnswers
from app.answer.writing.prompt import Prompts
from app.db.files import FileStore
from app.db.session import Database
from app.domain import Passage
from app.errors import CloisterError, EngineUnavailable
from app.lab.ask import Asker
from app.lab.sweep_line import SweepLine
from app.lab.trials import Trials
from app.ports import Embedder, Generator, Reranker, SparseEncoder, VectorIndex
from app.settings import Settings, chat_files_dir
from ingest.document_line import DocumentLine
from ingest.removal import Removal
from ingest.sandbox import Sandbox
from ingest.workflows import IngestLine

T = TypeVar("T")
log = logging.getLogger("cloister")


class Warm(Generic[T]):
    """A value that is expensive to make: made once, at the first `get`, whoever asks first."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._value: list[T] = []

    def get(self) -> T:
        """The value; waits while somebody else makes it. What making it raises is raised here, every time."""
        with self._lock:
            if not self._value:
                self._value.append(self._build())
            return self._value[0]

    def peek(self) -> T | None:
        """The value if it was made."""
        return self._value[0] if self._value else None


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
    session_secret: str
    local_token: str
    _warming: threading.Thread | None = None
    _trouble: CloisterError | None = None
    _launch: threading.Lock = field(default_factory=threading.Lock)
    _launched: bool = False

    def warm_up(self, then: Callable[[], None] = lambda: None) -> None:
        """Load all engines in the background, take up unfinished jobs, and then call `then`."""

        def run() -> None:
            try:
                self.index.get()
                self.reranker.get()
                self.generator.get()
                self.ingest()
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

    def require_ready(self) -> None:
        """Raises EngineUnavailable while the engines of a running service load, and when one of them failed."""
        if self._trouble:
            raise EngineUnavailable(str(self._trouble))
        if self._warming and self._warming.is_alive():
            raise EngineUnavailable("Cloister is warming up: the models are being loaded. Try again in a few seconds.")

    def retriever(self) -> Retriever:
        """The search half of the answer line. Waits for the embedder and the index."""
        return Retriever(self.settings.retrieve, self.database, self.embedder.get(), self.sparse, self.index.get())

    def search(self, question: str, *, access: Access, k: int) -> list[Passage]:
        """The best `k` passages, reranked where a reranker is on. Sync: call it in a thread.

        Raises EngineUnavailable, ModelMismatch.
        """
        candidates = count_candidates(k, self.settings.reranker)
        found = self.retriever().retrieve(question, access=access, k=candidates)
        return rerank(question, found, self.reranker.get(), k)

    def answer_line(self) -> AnswerLine:
        """The answer line. Waits for every engine."""
        generator = self.generator.get()
        calibration = Calibration.read(self.settings.answer.calibration)
        return AnswerLine(
            settings=self.settings,
            retriever=self.retriever(),
            reranker=self.reranker.get(),
            generator=generator,
            prompts=self.prompts,
            calibration=calibration,
            tables=TableAnswers(self.settings, self.database, self.files, self.sandbox, generator),
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
        self.sweep_line.prepare(asker, Trials(self.database, self.ingest_line.reindexing, self.ingest_line.cancel))

    def passwords(self, known: str | None) -> tuple[str, ...]:
        """The passwords to try on a protected file, the one it was taken in with first."""
        others = tuple(secret.get_secret_value() for secret in self.settings.parse.pdf.passwords)
        return others if known is None else (known, *others)

    def document_line(self) -> DocumentLine:
        """One document's way in. Waits for the embedder and the index."""
        index = self.index.get()
        return DocumentLine(
            settings=self.settings,
            database=self.database,
            files=self.files,
            sandbox=self.sandbox,
            embedder=self.embedder.get(),
            sparse=self.sparse,
            index=index,
            removal=Removal(self.database, self.files, index, chat_files_dir(self.settings.data_dir)),
        )

    def close(self) -> None:
        """Stop the work, then close the engines and the stores. What was interrupted goes on at the next start."""
        if self._warming:
            self._warming.join()
        self.sweep_line.close()
        self.ingest_line.close()
        self.sandbox.close()
        for engine in (self.generator.peek(), self.reranker.peek(), self.index.peek(), self.embedder.peek()):
            if engine is not None:
                engine.close()
        self.database.close()
