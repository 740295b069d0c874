"""The engines as they are: which runs, where, in which state; whether they answer, and how fast the model writes."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from app import doctor
from app.access import Caller
from app.db import choices
from app.db.choices import Choice
from app.domain import Message, Role
from app.errors import CloisterError, Rejected
from app.operations.models import ask_one_piece
from app.ports import Generator
from app.services import Services
from app.warm import Condition, Warm

SPEED: Final = "generator.speed"
ANSWER_TOKENS: Final = 64
_PARAGRAPH: Final = (
    "The report lists every ship, its cargo, the port it came from and the duties that were paid on it. "
)
PROMPT: Final = _PARAGRAPH * 16 + "Write a long story about the harbour, its keeper and the ships."


class Part(StrEnum):
    """What an engine is for."""

    GENERATOR = "Language model"
    EMBEDDER = "Embedding model"
    RERANKER = "Reranker"
    SPARSE = "Words (BM25)"
    INDEX = "Vector index"
    OCR = "Text recognition (OCR)"
    READERS = "Document readers"
    SPEAKER = "Reading aloud"
    TRANSCRIBER = "Questions by voice"


@dataclass(frozen=True, slots=True)
class EngineState:
    """One engine. `host`: of its endpoint; empty for one in this process.

    `trouble`: why it failed. `window`: tokens, 0 where there is none or only its endpoint knows.
    """

    part: Part
    engine: str
    model: str
    host: str
    condition: Condition
    trouble: str = ""
    window: int = 0
    dimension: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether an engine answered when it was asked. `said`: its answer in a few words, or why there was none."""

    part: Part
    is_well: bool
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens in a second, of reading a prompt and of writing, as measured on the running model."""

    model_id: str
    prompt_tokens: int
    answer_tokens: int
    reading: float
    writing: float


@dataclass(frozen=True, slots=True)
class MeasuredSpeed:
    """A measurement, and when and by whom it was made."""

    speed: Speed
    at: datetime
    by: str


def list_engines(caller: Caller, services: Services) -> list[EngineState]:
    """All of them, without asking any. Raises Forbidden."""
    caller.require_admin()
    return [
        _generator(services),
        _embedder(services),
        _reranker(services),
        _sparse(services),
        _index(services),
        _ocr(services),
        EngineState(Part.READERS, services.settings.parse.pdf.engine, "", "", Condition.READY),
        _speaker(services),
        _transcriber(services),
    ]


def check(caller: Caller, services: Services) -> list[Checked]:
    """Ask each engine something small, and say what came and how long it took. Raises Forbidden."""
    caller.require_admin()
    asked: list[tuple[Part, Callable[[], str]]] = [
        (Part.EMBEDDER, lambda: f"{len(services.embedder.get().embed_query('Does it work?'))} numbers"),
        (Part.INDEX, lambda: f"{services.index.get().count():,} chunks"),
        (Part.GENERATOR, lambda: _ask_generator(services)),
    ]
    if services.settings.reranker.engine != "off":
        asked.insert(1, (Part.RERANKER, lambda: _ask_reranker(services)))
    if services.settings.speech.engine != "off":
        asked.append((Part.SPEAKER, lambda: doctor.describe_speaker(services)))
    if services.settings.transcriber.engine != "off":
        asked.append((Part.TRANSCRIBER, lambda: doctor.describe_transcriber(services)))
    return [_timed(part, ask) for part, ask in asked]


def measure_speed(caller: Caller, services: Services) -> Speed:
    """Have the present model read a fixed prompt and write to it, and keep how fast that went.

    Whoever asks something meanwhile slows it down. Raises Forbidden, Rejected, EngineUnavailable, GenerationTimeout.
    """
    caller.require_admin()
    services.require_ready()
    with services.generator.borrow() as generator:
        speed = _measure(generator)
    with services.database.write() as session:
        choices.put(session, SPEED, asdict(speed), chosen_by=caller.name)
    return speed


def find_speed(caller: Caller, services: Services) -> MeasuredSpeed | None:
    """The last measurement, if it is one of the present model. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        kept = choices.find(session, SPEED)
    generator = services.generator.peek()
    if kept is None or generator is None or kept.value["model_id"] != generator.model_id:
        return None
    return _measured(kept)


def _measured(kept: Choice) -> MeasuredSpeed:
    return MeasuredSpeed(Speed(**kept.value), kept.chosen_at, kept.chosen_by)


def _measure(generator: Generator) -> Speed:
    # What no engine has read before cannot come from its cache.
    prompt = [Message(Role.SYSTEM, f"It is {time.time_ns()}."), Message(Role.USER, PROMPT)]
    prompt_tokens = generator.count_prompt_tokens(prompt)
    started = first = last = time.perf_counter()
    written = ""
    for piece in generator.stream(prompt, max_tokens=ANSWER_TOKENS):
        last = time.perf_counter()
        first = first if written else last
        written += piece
    nothing = [Message(Role.USER, "")]
    tokens = generator.count_prompt_tokens([Message(Role.USER, written)]) - generator.count_prompt_tokens(nothing)
    if tokens < 2 or last <= first:
        raise Rejected("The model wrote too little to be measured. Nothing was kept; try again.")
    # The first token ends the reading of the prompt; the others are what was written after it.
    return Speed(
        generator.model_id, prompt_tokens, tokens, prompt_tokens / (first - started), (tokens - 1) / (last - first)
    )


def _timed(part: Part, ask: Callable[[], str]) -> Checked:
    started = time.perf_counter()
    try:
        said, is_well = ask(), True
    except CloisterError as exc:
        said, is_well = str(exc), False
    return Checked(part, is_well, time.perf_counter() - started, said)


def _ask_generator(services: Services) -> str:
    with services.generator.borrow() as generator:
        ask_one_piece(generator)
        return f"{generator.context_tokens:,} tokens of context"


def _ask_reranker(services: Services) -> str:
    reranker = services.reranker.get()
    assert reranker is not None, "one is set"
    return f"{reranker.score('Does it work?', ['It works.'])[0]:.2f}"


def _generator(services: Services) -> EngineState:
    settings, generator = services.settings.generator, services.generator.peek()
    # An endpoint is asked for its window when it is checked, not whenever the page is shown.
    window = generator.context_tokens if generator and settings.engine == "llamacpp" else settings.context_tokens
    model = generator.model_id if generator else settings.model
    return EngineState(Part.GENERATOR, settings.engine, model, _host(settings.url), *_state(services.generator), window)


def _embedder(services: Services) -> EngineState:
    settings, embedder = services.settings.embedder, services.embedder.peek()
    return EngineState(
        Part.EMBEDDER,
        settings.engine,
        embedder.model_id if embedder else settings.model,
        _host(settings.url) if settings.engine == "openai" else "",
        *_state(services.embedder),
        embedder.max_tokens if embedder else 0,
        embedder.dim if embedder else 0,
    )


def _reranker(services: Services) -> EngineState:
    settings = services.settings.reranker
    host = _host(settings.url) if settings.engine == "endpoint" else ""
    return EngineState(
        Part.RERANKER, settings.engine, settings.model, host, *_state(services.reranker), settings.max_tokens
    )


def _index(services: Services) -> EngineState:
    settings, embedder = services.settings.vector_index, services.embedder.peek()
    host = _host(settings.url) if settings.engine == "server" else ""
    dimension = embedder.dim if embedder else 0
    return EngineState(Part.INDEX, settings.engine, "", host, *_state(services.index), 0, dimension)


def _sparse(services: Services) -> EngineState:
    languages = ", ".join(services.settings.sparse.languages)
    return EngineState(Part.SPARSE, "bm25", services.sparse.model_id, "", Condition.READY, detail=languages)


def _ocr(services: Services) -> EngineState:
    found = doctor.examine_ocr(services.settings.ocr)
    return EngineState(Part.OCR, services.settings.ocr.engine, "", "", Condition.READY, detail=found.detail)


def _speaker(services: Services) -> EngineState:
    settings = services.settings.speech
    host = _host(settings.url) if settings.engine == "openai" else ""
    return EngineState(Part.SPEAKER, settings.engine, settings.model, host, *_state(services.speaker))


def _transcriber(services: Services) -> EngineState:
    settings = services.settings.transcriber
    return EngineState(Part.TRANSCRIBER, settings.engine, settings.model, "", *_state(services.transcriber))


def _state(warm: Warm[Any]) -> tuple[Condition, str]:
    return warm.condition, str(warm.trouble) if warm.trouble else ""


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2]
