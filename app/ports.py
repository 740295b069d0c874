"""The seams behind which engines are exchanged. Engines are sync; the answer line calls them in a thread.

Every port has two engines (embedded and server) and one contract suite in `tests/contracts/`.
All engines are safe to call from several threads and raise `EngineUnavailable` when they cannot answer.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain import (
    Consultation,
    CrawledPage,
    CrawlEnd,
    CrawlMemory,
    Found,
    IndexedChunk,
    Message,
    Scope,
    SearchFilter,
    Selected,
    Sound,
    SparseVector,
    ToolCall,
    ToolEvent,
    ToolSpec,
    Transcript,
    Voice,
    WebResults,
)

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into dense vectors of unit length."""

    @property
    def model_id(self) -> str:
        """Names model and settings: equal ids mean interchangeable vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Most tokens of text that fit the model's window, special tokens already taken off."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted. An engine that must estimate never estimates low."""

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        """Embed texts of documents; those that somebody waits for (`is_awaited`) go before those for storage.

        Returns a (len(texts), dim) float32 array, rows in input order, unit length.
        No texts gives shape (0, dim). Text beyond `max_tokens` is an error, never cut.
        Raises EngineUnavailable, TextTooLong.
        """

    def embed_query(self, text: str) -> Vectors:
        """Embed one question: shape (dim,), unit length. A question beyond `max_tokens` raises TextTooLong."""

    def close(self) -> None:
        """Free the model. Calling twice is harmless."""


class SparseEncoder(Protocol):
    """Turns text into term weights; the index multiplies by inverse document frequency."""

    @property
    def model_id(self) -> str:
        """Names the encoder and its settings: equal ids mean interchangeable vectors."""

    def encode_document(self, text: str, language: str) -> SparseVector:
        """Weights of a chunk's terms, stemmed by `language` (ISO 639-1, "" where unknown)."""

    def encode_query(self, text: str, languages: Sequence[str]) -> SparseVector:
        """Terms of a question, stemmed once for each language that the searched documents have."""


class VectorIndex(Protocol):
    """Stores chunk vectors and finds the nearest. Holds no text."""

    def open(self, *, dim: int, model_id: str) -> None:
        """Make the collection of this embedding model ready. Safe to call again.

        Raises IndexBusy when another process owns the folder, ModelMismatch when the stored dimension differs.
        """

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        """Store chunks; one with a known `chunk_id` replaces it. On return they are durable and searchable."""

    def search(self, dense: Vectors, sparse: SparseVector, *, filter: SearchFilter, limit: int) -> Found:
        """The `limit` nearest chunks by meaning and the `limit` best by words, asked for in one request.

        `dense` has shape (dim,); scores by meaning are cosines. An empty `sparse` finds nothing by words, and a chunk
        without any of its terms is not found by them. A filter without generations finds nothing. Term weights are
        relative to the searched generations, so that scores tell nothing about others. Equal scores are in the order
        of their chunk ids.
        """

    def chunk_ids(self, *, generation_id: str, document_id: str) -> set[str]:
        """All stored chunks of one document in one generation."""

    def delete_chunks(self, chunk_ids: Sequence[str]) -> None:
        """Remove these chunks; unknown ids are no error."""

    def delete_document(self, document_id: str) -> None:
        """Remove a document's chunks from every generation."""

    def delete_generation(self, generation_id: str) -> None:
        """Remove a whole generation."""

    def count(self, *, generation_id: str | None = None, document_id: str | None = None) -> int:
        """Exact number of stored chunks that match; no argument counts all."""

    def close(self) -> None:
        """Flush and give up ownership. Calling twice is harmless."""


class TableReader(Protocol):
    """Asks the tables of a document, in a process that may die of it."""

    def select(self, tables_file: Path, query: str, *, max_rows: int) -> Selected:
        """Run one SELECT over a file of tables; `max_rows` beyond which rows are cut.

        Raises Rejected where the query is no single SELECT, calls what is not allowed, is wrong or goes beyond the
        limits of time and memory; its message may name tables and columns, never cells. EngineUnavailable.
        """


class Reranker(Protocol):
    """Reads a question and a text together and says how well the text answers it. Off unless the owner has a model."""

    @property
    def model_id(self) -> str:
        """Name of the model as people know it."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, in the order of the texts; higher is better, on the model's own scale.

        No texts gives no scores. A text beyond the model's window is scored by its beginning. Raises
        EngineUnavailable.
        """

    def close(self) -> None:
        """Free the model. Calling twice is harmless."""


class Generator(Protocol):
    """A language model that continues a conversation."""

    @property
    def model_id(self) -> str:
        """Name of the model as people know it."""

    @property
    def context_tokens(self) -> int:
        """Size of the context window that one conversation may fill, prompt and answer together."""

    @property
    def control_tokens(self) -> Sequence[str]:
        """The marks of the model's own chat template and vocabulary that no text may hold; those of all are known."""

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the conversation as the model will read it, chat template included."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Event | None = None,
        schema: Mapping[str, Any] | None = None,
        temperature: float | None = None,
    ) -> Iterator[str]:
        """Yield the answer's text in pieces as it is generated, none of them empty.

        `temperature`: randomness, 0 to 2; None takes that of the settings. With a `schema` (JSON Schema of an
        object) the text is JSON of that shape, as far as `max_tokens` reaches.

        Ends at `max_tokens`, at the model's end of turn, before any `stop` string, or soon after
        `cancelled` is set. Raises TextTooLong when the prompt leaves no room, GenerationTimeout past
        the time limit, EngineUnavailable.
        """

    def choose(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        *,
        max_tokens: int,
        cancelled: Event | None = None,
        must: bool = False,
    ) -> "Chosen":
        """Let the model say which of the tools it wants called, if any, before it answers.

        `must`: it may not answer instead; none is chosen where it is not asked at all (`tools.calls`).
        Arguments are as the model wrote them, not checked against the tools' schemas. Calls written as plain text are
        found too. Raises as `stream` does.
        """

    def close(self) -> None:
        """Free the model. Calling twice is harmless."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a model wants: calls in its order, none where it would rather answer. `faults`: what in its words was meant
    as a call and cannot be read as one, as sentences for the model.
    """

    calls: tuple[ToolCall, ...] = ()
    faults: tuple[str, ...] = ()


class ToolUser(Protocol):
    """Calls tools for one person's question: those that the person wants, then those that the language model does."""

    def use(self, consultation: Consultation, *, generator: Generator, cancelled: Event) -> AsyncIterator[ToolEvent]:
        """The calls as they are carried out, each ended by a `CallEnded` that says what became of it.

        `generator` is asked which tools it wants.
        """
        ...


class WebSearch(Protocol):
    """A search engine for the web. Sends the query, and nothing else, to `host`."""

    @property
    def host(self) -> str:
        """Where queries go, as people know it."""

    def search(self, query: str, *, limit: int, language: str = "") -> WebResults:
        """The first results, best first; none is no error. `language`: ISO 639-1, "" for any.

        Raises EngineUnavailable with a sentence for the person, Rejected for a query without words.
        """


class Speaker(Protocol):
    """Turns sentences into sound."""

    @property
    def voices(self) -> Sequence[Voice]:
        """Those that there are, the engine's own choice for each language first."""

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        """Say one sentence. `voice`: the id of one of `voices`. `speed`: 0.5 to 2, where 1 is usual.

        Raises Rejected for an unknown voice, EngineUnavailable.
        """

    def close(self) -> None:
        """Free the engine. Calling twice is harmless."""


class Transcriber(Protocol):
    """Turns speech into text."""

    def transcribe(self, sound: Sound, *, language: str = "") -> Transcript:
        """What is said. `language`: ISO 639-1, "" lets the model tell. Silence gives no text.

        Raises EngineUnavailable.
        """

    def close(self) -> None:
        """Free the model. Calling twice is harmless."""


class Crawler(Protocol):
    """Follows the links of a site, in any order, each address once."""

    def crawl(
        self,
        scope: Scope,
        memory: CrawlMemory,
        *,
        on_page: Callable[[CrawledPage], None],
        is_cancelled: Callable[[], bool],
    ) -> CrawlEnd:
        """Call `on_page` with each address once, from the thread that called.

        Known pages that no link leads to any more are asked last, so that what is gone is known to be gone. Finished
        addresses are not asked again. An error that `on_page` raises ends the crawl.
        Raises EngineUnavailable when not even a start can be asked.
        """
