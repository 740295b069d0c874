"""What both engines share: an answer that can be given up at any moment.

A vendor's call blocks until its next token, which may be half a minute away. It therefore runs in a
thread of its own, while the caller waits on a queue and looks up often enough to leave at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any

from app.domain import Message
from app.errors import GenerationTimeout, TextTooLong

POLL_S = 0.05
# Between these a model's thoughts stand in what it says; `app.answer.writing.thinking` takes them apart again.
THOUGHT_BEGINS, THOUGHT_ENDS = "<think>", "</think>"


class Outlet:
    """Where the vendor's thread puts the pieces."""

    def __init__(self) -> None:
        self._items: SimpleQueue[str | Exception | None] = SimpleQueue()
        self._abandoned = Event()

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for the answer."""
        return not self._abandoned.is_set()

    def send(self, piece: str) -> None:
        """Hand one piece over; empty ones are dropped."""
        if piece:
            self._items.put(piece)

    def end(self, error: Exception | None = None) -> None:
        """Nothing more comes."""
        self._items.put(error)

    def abandon(self) -> None:
        """Nobody waits any more."""
        self._abandoned.set()

    def receive(self, timeout_s: float) -> str | Exception | None:
        """The next item: a piece, an error, or None at the end. Raises queue.Empty."""
        return self._items.get(timeout=timeout_s)


class Voice:
    """Puts what a model thinks between tags, before what it says.

    `keeps_thoughts`: False lets them out, where the answer is to be of a given shape. `most`: pieces of the answer
    proper, beyond which it is full: where room was made for thoughts, an answer does not take it.
    """

    def __init__(self, outlet: Outlet, *, keeps_thoughts: bool = True, most: int | None = None) -> None:
        self._outlet = outlet
        self._keeps_thoughts = keeps_thoughts
        self._most = most
        self._is_open = False
        self._said = 0
        self._written = _WrittenThought()
        self.has_thought = False

    @property
    def has_said(self) -> bool:
        """Whether there is anything of the answer proper."""
        return self._said > 0

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for more, and there is room for it."""
        return self._outlet.is_wanted and (self._most is None or self._said < self._most)

    def think(self, text: str) -> None:
        """Hand over a piece of a thought."""
        if not text:
            return
        self.has_thought = True
        if self._keeps_thoughts:
            self._outlet.send(text if self._is_open else THOUGHT_BEGINS + text)
            self._is_open = True

    def say(self, text: str) -> None:
        """Hand over a piece of the answer."""
        if not text:
            return
        if self._written.goes_on_in(text):
            self.has_thought = True
        else:
            self._said += 1
        self._outlet.send(THOUGHT_ENDS + text if self._is_open else text)
        self._is_open = False


class _WrittenThought:
    """Watches for a thought that a server leaves in the text, between the tags that the model wrote."""

    def __init__(self) -> None:
        self._head = ""
        self._is_decided = False
        self._is_inside = False

    def goes_on_in(self, text: str) -> bool:
        """Whether this piece belongs to a thought; that which ends it does."""
        if self._is_decided and not self._is_inside:
            return False
        self._head += text
        begun = self._head.lstrip()
        self._is_decided = len(begun) >= len(THOUGHT_BEGINS)
        self._is_inside = THOUGHT_BEGINS.startswith(begun[: len(THOUGHT_BEGINS)])
        was_inside = self._is_inside
        if THOUGHT_ENDS in begun:
            self._is_inside = False
        self._head = self._head if not self._is_decided else THOUGHT_BEGINS + self._head[-len(THOUGHT_ENDS) :]
        return was_inside


def pump(
    produce: Callable[[Outlet], None],
    *,
    deadline: "Deadline",
    cancelled: Event | None,
    interrupt: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """Run `produce` in a thread and yield what it sends.

    However the caller leaves, `produce` finds its outlet no longer wanted, and `interrupt` is called
    to wake it where it blocks. Raises what `produce` raises, and GenerationTimeout.
    """
    outlet = Outlet()
    Thread(target=_run, args=(produce, outlet), name="generator", daemon=True).start()
    try:
        while cancelled is None or not cancelled.is_set():
            try:
                item = outlet.receive(min(POLL_S, deadline.remaining_s()))
            except Empty:
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        outlet.abandon()
        interrupt()


def _run(produce: Callable[[Outlet], None], outlet: Outlet) -> None:
    try:
        produce(outlet)
    except Exception as exc:  # noqa: BLE001 - not swallowed: the reader raises it in the caller's thread
        outlet.end(exc)
    else:
        outlet.end()


class Deadline:
    """The moment at which an answer is given up."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._at = monotonic() + timeout_s

    def remaining_s(self) -> float:
        """Seconds left, more than zero. Raises GenerationTimeout."""
        left = self._at - monotonic()
        if left <= 0:
            raise GenerationTimeout(
                f"The language model did not finish within {self._timeout_s:g} seconds. Try again when it is less "
                "busy, ask for less, or raise generator.timeout_s."
            )
        return left


def shape_of(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a chat request needs so that the answer is JSON of this shape. llama.cpp, vLLM and Ollama enforce it."""
    if schema is None:
        return {}
    shape = {"name": "reply", "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": shape}}


def as_dicts(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as the OpenAI API writes them."""
    return [{"role": message.role.value, "content": message.text} for message in messages]


def room_for_answer(prompt_tokens: int, context_tokens: int, max_tokens: int) -> int:
    """How many answer tokens fit beside the prompt, at most `max_tokens`. Raises TextTooLong."""
    room = context_tokens - prompt_tokens
    if room < 1:
        raise TextTooLong(
            f"The conversation has {prompt_tokens} tokens and the language model's window {context_tokens}, which "
            "leaves no room for an answer. Shorten the question, or start a new conversation.",
            tokens=prompt_tokens,
            max_tokens=context_tokens - 1,
        )
    return min(room, max_tokens)
