"""One claim in many documents: what one person brought lately that says nearly the same as a new document.

Each part of the new document asks the index for what is nearest in meaning; of that, only what the same person brought
in the last weeks, with the same figures in it, is a copy. So a month's invoices are none, and what every document of a
house ends with is none either: copies are most of what a document says.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.db.near_copies import Neighbour
from app.domain import Chunk, FlagPlace, FlagReason, FoundFlag
from app.ports import Vectors

# A text and the same with a few words exchanged; in two documents about one thing, parts are below .9 nearly always.
LEAST_COSINE: Final = 0.95
# An index may keep rounded vectors: what it finds a little less alike is looked at too.
LEAST_FOUND_COSINE: Final = 0.92
LEAST_OTHERS: Final = 4
LEAST_SHARE: Final = 0.5
LEAST_WORDS: Final = 6
DAYS: Final = 30
# Parts of a long document that are looked at, and neighbours that each asks for: at most 24 searches a document.
MOST_PARTS: Final = 24
MOST_NEIGHBOURS: Final = 40

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Flagged:
    """A version, and what it is flagged for."""

    document_id: str
    version_id: str
    flag: FoundFlag


def choose_parts(chunks: Sequence[Chunk], vectors: Sequence[Vectors]) -> list[tuple[Chunk, Vectors]]:
    """The parts of a document that are compared: all of a short one, of a long one some from its start to its end."""
    long_enough = [
        (chunk, vector)
        for chunk, vector in zip(chunks, vectors, strict=True)
        if len(_WORD.findall(chunk.text)) >= LEAST_WORDS
    ]
    step = max(1.0, len(long_enough) / MOST_PARTS)
    return [long_enough[int(index * step)] for index in range(min(len(long_enough), MOST_PARTS))]


def find_copies(
    parts: Sequence[tuple[Chunk, Vectors]],
    find_neighbours: Callable[[Vectors], Sequence[Neighbour]],
) -> tuple[FoundFlag | None, list[Flagged]]:
    """What a new document is flagged for, and what documents before it are then flagged for too.

    `find_neighbours` gives what the same person brought lately, nearest to a vector.
    """
    places: list[FlagPlace] = []
    of_others: dict[str, dict[str, Neighbour]] = defaultdict(dict)
    for chunk, vector in parts:
        copies = [each for each in find_neighbours(vector) if _is_copy(chunk, vector, each)]
        others = tuple(dict.fromkeys(each.document_id for each in copies))
        if len(others) >= LEAST_OTHERS:
            places.append(FlagPlace(chunk.first_page, chunk.start, chunk.end, others=others))
            for each in copies:
                of_others[each.version_id][each.chunk_id] = each
    if not places or len(places) < LEAST_SHARE * len(parts):
        return None, []
    return FoundFlag(FlagReason.NEAR_COPIES, tuple(places)), _flag_others(of_others)


def _is_copy(chunk: Chunk, vector: Vectors, other: Neighbour) -> bool:
    return float(vector @ other.vector) >= LEAST_COSINE and _figures(chunk.text) == _figures(other.text)


def _flag_others(of_others: Mapping[str, Mapping[str, Neighbour]]) -> list[Flagged]:
    """Of the documents before, those that are copies for the most part themselves."""
    documents = tuple(dict.fromkeys(next(iter(each.values())).document_id for each in of_others.values()))
    flagged = []
    for version_id, copies in of_others.items():
        found = sorted(copies.values(), key=lambda each: each.start)
        if len(found) < LEAST_SHARE * found[0].of_chunks:
            continue
        mine = found[0].document_id
        others = tuple(each for each in documents if each != mine)
        places = tuple(FlagPlace(each.page, each.start, each.end, others=others) for each in found)
        flagged.append(Flagged(mine, version_id, FoundFlag(FlagReason.NEAR_COPIES, places)))
    return flagged


def _figures(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.casefold()) if any(map(str.isdigit, word)))
