"""Milliseconds until the first piece of an answer, beside llama.cpp called directly with the same conversation."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Any, Literal

from app.answer.writing.evidence import Evidence
from app.answer.writing.generate import generate
from app.answer.writing.prompt import Prompts, build_prompt
from app.domain import Message, Passage
from app.engines.generators.llamacpp import LlamaCppGenerator
from app.engines.generators.pieces import as_dicts
from app.engines.model_files import get_gguf_file
from app.ports import Generator
from app.settings import GeneratorSettings, Settings, load_settings
from bench.prose import write_paragraph
from bench.report import Figure, Result, compare
from bench.sizes import Size

# Enough for any first piece; what comes after it is not measured.
MAX_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Prompt:
    """A kind of prompt: `pieces` of evidence with so many words each."""

    name: str
    evidence: Literal["passages", "excerpts"]
    pieces: int
    words: int

    @property
    def is_whole(self) -> bool:
        """Whether the pieces are whole passages."""
        return self.evidence == "passages"


LONG = Prompt("about 1,000 tokens", "passages", pieces=4, words=125)
TYPICAL = Prompt("two excerpts (the default)", "excerpts", pieces=2, words=45)
SHORT = Prompt("two sentences", "excerpts", pieces=2, words=8)


def run(size: Size) -> Result:
    """A new conversation for each pair, so that no cache helps; then each once more, when the cache can."""
    rounds = size.pick(tiny=1, quick=3, normal=5)
    prompts = size.pick(tiny=(SHORT,), quick=(LONG, TYPICAL), normal=(LONG, TYPICAL))
    settings = load_settings()
    figures: list[Figure] = []
    notes: list[str] = []
    with opened_pair(settings.generator) as (generator, llama):
        for prompt in prompts:
            tokens, found = _measure_in_turns(prompt, rounds, settings, generator, llama)
            figures.extend(found)
            notes.append(f"{prompt.name}: {tokens} tokens in the last conversation.")
    return Result(tuple(figures), tuple(notes))


@contextmanager
def opened_pair(settings: GeneratorSettings) -> Iterator[tuple[Generator, Any]]:
    """Cloister's generator, and llama.cpp beside it."""
    generator = LlamaCppGenerator(settings)
    try:
        with opened_llama(settings) as llama:
            yield generator, llama
    finally:
        generator.close()


@contextmanager
def opened_llama(settings: GeneratorSettings) -> Iterator[Any]:
    """xllamacpp's server as it comes, with Cloister's number of threads and one slot."""
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = str(get_gguf_file(settings.model))
    params.n_ctx = settings.context_tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = settings.threads or max(1, (os.cpu_count() or 2) - 1)
    params.cpuparams_batch.n_threads = params.cpuparams.n_threads
    params.n_gpu_layers = settings.gpu_layers
    params.verbosity = -1
    with TemporaryDirectory(prefix="bench-") as folder:
        params.hostnames = [str(Path(folder) / "llama.sock")]  # no network port
        server = xllamacpp.Server(params)
        try:
            yield server
        finally:
            del server


def _measure_in_turns(
    prompt: Prompt, rounds: int, settings: Settings, generator: Generator, llama: Any
) -> tuple[int, list[Figure]]:
    fresh: tuple[list[float], list[float]] = ([], [])
    cached: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        messages = _write(prompt, number, settings, generator)
        for ours, limit in (fresh, cached):
            ours.append(1000 * time_first_piece(messages, generator))
            limit.append(ask_bare(messages, llama, settings.generator).ms)
    # The first round warms.
    return generator.count_prompt_tokens(messages), [
        compare(f"{prompt.name}, new", "ms", fresh[0][1:], fresh[1][1:], at_most=1.1),
        compare(f"{prompt.name}, cached", "ms", cached[0][1:], cached[1][1:]),
    ]


def time_first_piece(messages: Sequence[Message], generator: Generator) -> float:
    async def wait() -> float:
        started = perf_counter()
        pieces = generate(messages, generator=generator, max_tokens=MAX_TOKENS, cancelled=Event())
        async for _ in pieces:
            seconds = perf_counter() - started
            await pieces.aclose()  # type: ignore[attr-defined]
            return seconds
        raise RuntimeError("The model wrote nothing.")

    return asyncio.run(wait())


@dataclass(frozen=True, slots=True)
class Bare:
    """What llama.cpp itself needed for its first piece. Of the `tokens` of the prompt, `cached` were known."""

    ms: float
    tokens: int
    cached: int


def ask_bare(messages: Sequence[Message], llama: Any, settings: GeneratorSettings) -> Bare:
    """Ask llama.cpp without anything of Cloister's between."""
    arrived: list[tuple[float, dict[str, Any]]] = []

    def read(chunk: dict[str, Any]) -> bool:
        if any(choice.get("delta", {}).get("content") for choice in chunk.get("choices", ())):
            arrived.append((perf_counter(), chunk["timings"]))
        return bool(arrived)

    request = {
        "messages": as_dicts(messages),
        "max_tokens": MAX_TOKENS,
        "temperature": settings.temperature,
        "stream": True,
        "cache_prompt": True,
        "timings_per_token": True,
    }
    started = perf_counter()
    llama.handle_chat_completions(request, read)
    at, timings = arrived[0]
    return Bare(1000 * (at - started), timings["prompt_n"] + timings["cache_n"], timings["cache_n"])


def _write(prompt: Prompt, number: int, settings: Settings, generator: Generator) -> tuple[Message, ...]:
    """A conversation that differs from all others from its first word on."""
    random = Random(f"{prompt.name} {number}")
    templates = Prompts.read(settings.answer.prompts, prompt.evidence)
    own = replace(templates, system=f"{random.randint(1000, 9999)}. {templates.system}")
    passages = [
        build_passage(rank, write_paragraph(random, words=prompt.words)) for rank in range(1, prompt.pieces + 1)
    ]
    built = build_prompt(
        "What was decided about the warehouse, by whom, and what did it cost?",
        [Evidence.of_passage(passage) for passage in passages],
        (),
        prompts=own,
        generator=generator,
        max_answer_tokens=settings.generator.max_answer_tokens,
    )
    return built.messages


def build_passage(rank: int, text: str) -> Passage:
    return Passage(
        rank=rank,
        score=1 / rank,
        similarity=0.5,
        chunk_id=f"chunk-{rank}",
        document_id="document",
        document="report.pdf",
        media_type="application/pdf",
        language="en",
        title="Report",
        headings=("Decisions",),
        page=rank,
        last_page=rank,
        start=0,
        end=len(text),
        text=text,
    )
