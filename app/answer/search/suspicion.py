"""Mark passages that read like instructions to the assistant: people are told, and admins count them. Pure.

The mark changes nothing about the answer: what the model reads of them is harmless text, and what it wants done goes
through the gate.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.answer.text.instructions import reads_like_instructions
from app.domain import Passage


def mark_suspicious(passages: Sequence[Passage]) -> list[Passage]:
    """The passages, each with what its words, headings or the name of its document make of it."""
    return [replace(each, is_suspicious=each.is_suspicious or _is_suspicious(each)) for each in passages]


def _is_suspicious(passage: Passage) -> bool:
    # One after the other: what stands in different places makes no sentence together.
    parts = (passage.full_text, passage.document, passage.title, passage.url, *passage.headings, *passage.also_in)
    return any(reads_like_instructions(part) for part in parts)
