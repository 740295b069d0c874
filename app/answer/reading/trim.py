"""Cut passages to the sentences that matter, for models that read passages.

The weights were chosen on Chroma's chunking set: five passages of 5,700 characters hold .908 of the evidence at an
intersection over union of .044; cut with a gap of 0.75, .900 at .057; with 0.5, .870 at .085 (docs/decisions/0019).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from app.access import Access
from app.answer.reading.excerpt import Reading
from app.answer.reading.units import Unit
from app.answer.text.words import coverage
from app.db import passages as passage_rows
from app.db.session import Database
from app.domain import Passage
from app.domain.web import is_web_id

# Beside similarity (1.0): shared words, the passage's score as a part of the best, and the part of either neighbour.
WORDS_WEIGHT = 0.3
PASSAGE_WEIGHT = 1.0
NEIGHBOUR_WEIGHT = 0.15


def trim(reading: Reading, *, gap: float, database: Database, access: Access) -> list[Passage]:
    """The passages without what does not matter at their ends; those of which nothing matters are left out.

    What is left is read again at its place, as it will be when the conversation goes on (`restore_turns`).
    Sync: call it in a thread.
    """
    if gap >= 1:
        return list(reading.passages)
    found = find_spans(reading, gap=gap)
    whole_by_place = {(each.document_id, each.start, each.end): each for each in reading.passages}
    cut = [(passage.document_id, start, end) for passage, start, end in found]
    with database.read() as session:
        readable = [base.id for base in access.readable.values()]
        wanted = [place for place in cut if place not in whole_by_place and not is_web_id(place[0])]
        read = passage_rows.load_spans(session, wanted, readable)
    # What was read on the web is in no database: its part is cut here.
    on_web = {
        place: _cut(passage, *place[1:]) for place, (passage, _, _) in zip(cut, found, strict=True) if passage.is_web
    }
    known = {**read, **on_web, **whole_by_place}
    return [
        replace(known[place], rank=passage.rank, score=passage.score, similarity=passage.similarity)
        for place, (passage, _, _) in zip(cut, found, strict=True)
        if place in known
    ]


def _cut(passage: Passage, start: int, end: int) -> Passage:
    text = passage.text[start - passage.start : end - passage.start]
    return replace(passage, start=start, end=end, text=text)


def find_spans(reading: Reading, *, gap: float) -> list[tuple[Passage, int, int]]:
    """Of each passage, where in the document its first unit that matters starts and its last one ends.

    A unit matters when its score is at most `gap` below the best: similarity, shared words and the passage's score
    together reach 2.3. Rows keep the header of their table, with what lies between.
    """
    if not reading.units:
        return []
    scores = _scores(reading)
    least = scores.max() - gap
    found = []
    for _, group in groupby(range(len(reading.units)), key=lambda row: reading.units[row].passage.rank):
        rows = list(group)
        kept = [row for row in rows if scores[row] >= least]
        if kept:
            units = reading.units[rows[0] : kept[-1] + 1]
            found.append(_span(units, first=kept[0] - rows[0]))
    return found


def _span(units: Sequence[Unit], *, first: int) -> tuple[Passage, int, int]:
    start, end = units[first], units[-1]
    if start.header:
        start = next((unit for unit in reversed(units[:first]) if unit.is_header), start)
    return start.passage, start.start, end.end


def _scores(reading: Reading) -> NDArray[np.float64]:
    part = _parts(reading.passages)
    own = np.array(
        [
            similarity + WORDS_WEIGHT * coverage(reading.weights, terms) + PASSAGE_WEIGHT * part[unit.passage.rank]
            for unit, similarity, terms in zip(reading.units, reading.similarities, reading.terms, strict=True)
        ]
    )
    total, weight = own.copy(), np.ones(len(own))
    touches = np.array([one.passage is other.passage for one, other in pairwise(reading.units)])
    for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        total[here] += NEIGHBOUR_WEIGHT * own[there] * touches
        weight[here] += NEIGHBOUR_WEIGHT * touches
    scores: NDArray[np.float64] = total / weight
    return scores


def _parts(passages: Sequence[Passage]) -> dict[int, float]:
    """The score of each passage, by rank, as a part of the best; a reranker's scores may all be below 0."""
    best = max(passage.score for passage in passages)
    return {passage.rank: passage.score / best if best > 0 else 0.0 for passage in passages}
