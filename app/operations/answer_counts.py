"""How questions go, among the figures and in the traces: durations and outcomes, nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.domain import GivenAnswer
from app.observe.metrics import ANSWER_SECONDS, ANSWERS
from app.observe.traces import note_span


@dataclass(slots=True)
class Outcome:
    """What a question came to: failed, until something else is known."""

    name: str = "failed"

    def note(self, given: GivenAnswer) -> None:
        """It was given an answer, which took so long."""
        self.name = "abstained" if given.is_abstained else "answered"
        ANSWER_SECONDS.labels("retrieve").observe(given.retrieve_ms / 1000)
        if given.first_token_ms:
            ANSWER_SECONDS.labels("first_token").observe(given.first_token_ms / 1000)
            note_span("generate", (given.total_ms - given.first_token_ms) / 1000)
        ANSWER_SECONDS.labels("total").observe(given.total_ms / 1000)
        note_span("answer", given.total_ms / 1000, citations=given.citations, calls=given.calls)


@contextmanager
def counted() -> Iterator[Outcome]:
    """Count what becomes of a question. Whoever asked may leave before the end: then it was stopped."""
    outcome = Outcome()
    try:
        yield outcome
    except (asyncio.CancelledError, GeneratorExit):
        if outcome.name == "failed":
            outcome.name = "stopped"
        raise
    finally:
        ANSWERS.labels(outcome.name).inc()
