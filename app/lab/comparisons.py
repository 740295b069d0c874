"""Questions that two models answer side by side, kept in memory alone until they are voted on or forgotten.

What was asked is stored nowhere, and of the answers nothing is kept at all: a page that is loaded again has them
written again, under the rights of that moment.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.db.ids import new_id
from app.domain import Question
from app.domain.votes import Outcome, Side
from app.errors import NotFound, Rejected

MOST_KEPT: Final = 500
"""Of all people together; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model that may be compared. `id`: an offered model's, "" for the service's own."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question in its conversation, and the two models that answer it.

    `knowledge_base_id`: the only one that is searched, "" for all that the person may read. `finished`: the sides
    whose answer has been read to its end. `read_ids`: the knowledge bases whose passages they read.
    """

    person_id: str
    question: Question = field(repr=False)
    sides: Mapping[Side, Contestant]
    knowledge_base_id: str = ""
    finished: frozenset[Side] = frozenset()
    read_ids: frozenset[str] = frozenset()
    outcome: Outcome | None = None
    id: str = field(default_factory=new_id)

    @property
    def is_ready(self) -> bool:
        """Whether both answers are there to vote on."""
        return self.finished == frozenset(Side)


class Comparisons:
    """The comparisons of this process, by id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Comparison] = OrderedDict()

    def add(self, comparison: Comparison) -> None:
        """Keep a new one; the oldest is forgotten where there are too many."""
        with self._lock:
            self._kept[comparison.id] = comparison
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def get(self, id: str, person_id: str) -> Comparison:
        """A person's own. Raises NotFound."""
        with self._lock:
            return self._get(id, person_id)

    def finish(self, id: str, person_id: str, side: Side, read_ids: frozenset[str]) -> None:
        """Note that an answer was read to its end, from these knowledge bases. Raises NotFound."""
        with self._lock:
            known = self._get(id, person_id)
            finished, read = known.finished | {side}, known.read_ids | read_ids
            self._kept[id] = replace(known, finished=finished, read_ids=read)

    def decide(self, id: str, person_id: str, outcome: Outcome) -> Comparison:
        """Vote, once. Raises NotFound; Rejected for a second vote, and before both answers are there."""
        with self._lock:
            known = self._get(id, person_id)
            if known.outcome is not None:
                raise Rejected("You have voted on this comparison already; that vote counts. Compare another question.")
            if not known.is_ready:
                raise Rejected("Both answers must be there before you vote. Wait for them, or reload the page.")
            decided = self._kept[id] = replace(known, outcome=outcome)
            return decided

    def _get(self, id: str, person_id: str) -> Comparison:
        known = self._kept.get(id)
        if known is None or known.person_id != person_id:
            raise NotFound("This comparison is not kept any more. Ask the question again to compare two models on it.")
        return known
