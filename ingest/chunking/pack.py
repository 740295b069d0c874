"""Pack counted units into runs of at most the chunk size, neighbours overlapping. Pure."""

from collections.abc import Sequence

from app.domain import ChunkingProfile
from ingest.chunking.blocks import BlockKind
from ingest.chunking.fit import Run
from ingest.chunking.units import Unit


def pack(units: Sequence[Unit], profile: ChunkingProfile) -> list[Run]:
    """Greedy: a run is closed when what must stay together with the next unit no longer fits."""
    runs: list[Run] = []
    current: list[Unit] = []
    fresh = total = 0
    for index, unit in enumerate(units):
        need = _need(units, index, profile.chunk_size)
        if len(current) > fresh and total + need > profile.chunk_size:
            runs.append(Run(current, fresh))
            current = _tail(current, min(profile.overlap, profile.chunk_size - need))
            fresh, total = len(current), sum(repeated.tokens for repeated in current)
            total += current[0].header_tokens if current else 0
        if not current:
            total += unit.header_tokens
        current.append(unit)
        total += unit.tokens
    if current:
        runs.append(Run(current, fresh))
    return runs


def _need(units: Sequence[Unit], index: int, size: int) -> int:
    """Tokens that must find room when this unit is added: a code block in one piece, a heading and what follows.

    What cannot fit even an empty chunk needs no more than the unit itself.
    """
    unit = units[index]
    end = index + 1
    if unit.block and (index == 0 or units[index - 1].block != unit.block):
        while end < len(units) and units[end].block == unit.block:
            end += 1
    elif unit.leads:
        while end < len(units) and units[end - 1].leads:
            end += 1
    if end == index + 1:
        return unit.tokens
    together = sum(member.tokens for member in units[index:end])
    return together if together <= size else unit.tokens


def _tail(units: Sequence[Unit], room: int) -> list[Unit]:
    """The last sentences that fit the room, in order; half a table or program repeated helps nobody."""
    start = len(units)
    while start > 0 and units[start - 1].kind is BlockKind.PROSE and units[start - 1].tokens <= room:
        room -= units[start - 1].tokens
        start -= 1
    return list(units[start:])
