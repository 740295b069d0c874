"""The engines that tests put in place of models, and the real stores opened around them."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Any

import numpy as np

from app.answer.writing.prompt import Prompts
from app.bootstrap import open_services
from app.domain import Message, ToolSpec
from app.engines.vector_index.edge import EdgeIndex
from app.errors import TextTooLong
from app.ports import Chosen, Embedder, Generator, VectorIndex, Vectors
from app.services import Services
from app.settings import Settings, load_settings
from app.warm import T, Warm


class WordHashEmbedder:
    """Texts that share words are similar; a token is a word. `embedded` lists every text embedded for storage."""

    dim = 64
    max_tokens = 254

    def __init__(self, model_id: str = "word-hash") -> None:
        self.model_id = model_id
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        vectors = [self.embed_query(text) for text in texts]
        self.embedded.extend(texts)
        return np.stack(vectors) if vectors else np.zeros((0, self.dim), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        if len(text.split()) > self.max_tokens:
            raise TextTooLong(f"The text has more than {self.max_tokens} words.")
        words = re.findall(r"\w+", text.lower()) or [""]
        total = np.sum([_direction(word, self.dim) for word in words], axis=0)
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)

    def close(self) -> None:
        """Holds nothing."""


class ScriptedGenerator:
    """Says `replies` in order, word by word, and "OK." without any; wants the tools of `choices` in order, and none
    without any. `conversations`, `schemas` and `temperatures` list what it was asked, `decisions` what it chose by.
    """

    model_id = "scripted"
    context_tokens = 4096
    control_tokens: Sequence[str] = ()

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.choices: list[Chosen] = []
        self.decisions: list[tuple[Message, ...]] = []
        self.conversations: list[tuple[Message, ...]] = []
        self.schemas: list[Mapping[str, Any] | None] = []
        self.temperatures: list[float | None] = []

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) for message in messages)

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
        self.temperatures.append(temperature)
        self.conversations.append(tuple(messages))
        self.schemas.append(schema)
        text = self.replies.pop(0) if self.replies else "OK."
        for end in stop:
            text = text.partition(end)[0]
        for piece in re.findall(r"\s*\S+|\s+$", text)[:max_tokens]:
            if cancelled is not None and cancelled.is_set():
                return
            yield piece

    def choose(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        *,
        max_tokens: int,
        cancelled: Event | None = None,
        must: bool = False,
    ) -> Chosen:
        self.decisions.append(tuple(messages))
        return self.choices.pop(0) if self.choices else Chosen()

    def close(self) -> None:
        """Holds nothing."""


class Lent(Warm[T]):
    """An engine that outlives the services it is put into: closing them leaves it open."""

    def peek(self) -> T | None:
        return None


def open_with(settings: Settings, embedder: Warm[Embedder], generator: Warm[Generator]) -> Services:
    """Real stores, real index and real durable jobs in the settings' data folder, around these two engines."""
    services = open_services(settings)

    def open_index() -> VectorIndex:
        index = EdgeIndex(settings.data_dir / "index")
        index.open(dim=embedder.get().dim, model_id=embedder.get().model_id)
        return index

    services.embedder, services.generator, services.index = embedder, generator, Warm(open_index)
    return services


def open_with_fakes(
    settings: Settings, embedder: WordHashEmbedder | None = None, generator: ScriptedGenerator | None = None
) -> Services:
    """Services around fake models; open them again on the same folder for a restart."""
    return open_with(
        settings, Warm(lambda: embedder or WordHashEmbedder()), Warm(lambda: generator or ScriptedGenerator())
    )


def _direction(word: str, dim: int) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


def let_read(services: Services, evidence: str, *, trim: float = 1) -> None:
    """Set what the model reads (`answer.evidence`, `answer.trim`); follow-ups by the rule, no question is refused."""
    chosen = {"evidence": evidence, "trim": trim, "condense": "rule", "abstain_below": 0}
    services.settings = load_settings({"data_dir": services.settings.data_dir, "answer": chosen})
    services.prompts = Prompts.read(services.settings.answer.prompts, evidence)
