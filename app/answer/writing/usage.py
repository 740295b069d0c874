"""Count what a language model read and wrote, with its own tokenizer."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain import Message, Role, Usage
from app.errors import EngineUnavailable
from app.ports import Generator

log = logging.getLogger("cloister")


@dataclass(slots=True)
class Written:
    """What the model wrote, as it came. `pieces`: of `said`; engines give one for each token, or few in one."""

    said: str = ""
    thought: str = ""
    pieces: int = 0

    def say(self, text: str) -> None:
        """One more piece of the answer."""
        self.said += text
        self.pieces += 1

    def think(self, text: str) -> None:
        """One more piece of a thought."""
        self.thought += text


def count_usage(
    messages: Sequence[Message], written: Written, *, generator: Generator, max_tokens: int
) -> Usage | None:
    """What it took; None where the engine cannot count any more. Sync: call it in a thread.

    Exact where `Generator.count_prompt_tokens` is; an endpoint that does not count is estimated, rather high.
    """
    try:
        said = _count(written.said, generator)
        return Usage(
            prompt_tokens=generator.count_prompt_tokens(messages),
            written_tokens=said + _count(written.thought, generator),
            is_cut=max(said, written.pieces) >= max_tokens,
        )
    except EngineUnavailable:  # the answer is there, and worth more than its figures
        log.warning("What an answer took could not be counted: the language model does not answer.")
        return None


def _count(text: str, generator: Generator) -> int:
    """Tokens of a text: what it adds to a conversation."""
    if not text:
        return 0
    empty, whole = ([Message(Role.USER, words)] for words in ("", text))
    return max(0, generator.count_prompt_tokens(whole) - generator.count_prompt_tokens(empty))
