"""Run the sync language model in a thread and hand its words to the async answer line."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from threading import Event

from app.answer.writing.thinking import Part, ThoughtSplitter
from app.domain import Message
from app.ports import Generator


async def generate(
    messages: Sequence[Message],
    *,
    generator: Generator,
    max_tokens: int,
    cancelled: Event,
    temperature: float | None = None,
    stop: Sequence[str] = (),
) -> AsyncIterator[str]:
    """Yield the answer's pieces as they come.

    Leaving the loop early, or cancelling the task, stops the model. What the model raises is raised here.
    """
    loop = asyncio.get_running_loop()
    has_ended = asyncio.Event()
    pieces: asyncio.Queue[str | BaseException | None] = asyncio.Queue()

    def run() -> None:
        end: BaseException | None = None
        try:
            for piece in generator.stream(
                messages, max_tokens=max_tokens, stop=stop, cancelled=cancelled, temperature=temperature
            ):
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
        except BaseException as exc:  # noqa: BLE001 - carried over to the awaiting side, which raises it
            end = exc
        loop.call_soon_threadsafe(pieces.put_nowait, end)
        loop.call_soon_threadsafe(has_ended.set)

    # A thread of its own: the loop's pool has a few, and answers that are being written would hold all of them, so
    # that nobody's question could be searched for.
    threading.Thread(target=contextvars.copy_context().run, args=(run,), name="generate", daemon=True).start()
    try:
        while isinstance(piece := await pieces.get(), str):
            yield piece
        if piece is not None:
            raise piece
    finally:
        cancelled.set()
        await asyncio.shield(has_ended.wait())


async def generate_parts(
    messages: Sequence[Message],
    *,
    generator: Generator,
    max_tokens: int,
    cancelled: Event,
    temperature: float | None = None,
    stop: Sequence[str] = (),
) -> AsyncIterator[Part]:
    """The same, with what the model thinks told apart from what it answers."""
    splitter = ThoughtSplitter()
    pieces = generate(
        messages, generator=generator, max_tokens=max_tokens, cancelled=cancelled, temperature=temperature, stop=stop
    )
    async with aclosing(pieces) as stream:  # type: ignore[type-var]
        async for piece in stream:
            for part in splitter.feed(piece):
                yield part
    for part in splitter.rest():
        yield part
