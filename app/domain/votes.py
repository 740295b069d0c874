"""Votes on two models that answered the same question: which did it better, never what was asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Side(StrEnum):
    """Where an answer stands. Which model stands where is drawn by lot."""

    LEFT = "left"
    RIGHT = "right"


class Outcome(StrEnum):
    """Which answer was better: one, both alike, or none was any good."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote. `left`, `right` are the names of the models.

    `knowledge_base_ids`: those whose passages both read, or which were searched where nothing was found.
    """

    at: datetime
    left: str
    right: str
    outcome: Outcome
    knowledge_base_ids: frozenset[str] = frozenset()
