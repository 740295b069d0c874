"""What tools found beside what was found already. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain import Passage


def join_found(passages: Sequence[Passage], found: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages, then those that tools found and that are not among them, with ranks that go on counting."""
    joined = {_place(passage): passage for passage in passages}
    last = max((passage.rank for passage in passages), default=0)
    for passage in found:
        if _place(passage) not in joined:
            last += 1
            joined[_place(passage)] = replace(passage, rank=last)
    return tuple(joined.values())


def _place(passage: Passage) -> tuple[str, int, int]:
    return passage.document_id, passage.start, passage.end
