"""Sweeps: which ways of cutting and searching are compared, and what was measured of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Final

from app.domain import ChunkingProfile, JobState
from app.errors import Rejected
from app.lab.metrics import Scores

# Each way costs an hour or two of reading on a large knowledge base; more than these nobody compares by eye.
MOST_WAYS: Final = 48
MOST_PROFILES: Final = 12


@dataclass(frozen=True, slots=True)
class Way:
    """A way to find passages: how documents are cut, and how they are searched.

    `k`: passages for each question. `meaning_weight`: see the setting of that name. `reranks`: a model puts them into
    its own order.
    """

    profile: ChunkingProfile
    k: int
    meaning_weight: float
    reranks: bool = False


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What a sweep compares, over which questions (ids) and documents (ids; none for all).

    The first way is the one that answers now. The questions `held_out` are not looked at when one is recommended.
    """

    ways: tuple[Way, ...]
    tuning: tuple[str, ...]
    held_out: tuple[str, ...]
    documents: tuple[str, ...] = ()

    @property
    def profiles(self) -> tuple[ChunkingProfile, ...]:
        """Each once, in order."""
        return tuple(dict.fromkeys(way.profile for way in self.ways))


@dataclass(frozen=True, slots=True)
class Tried:
    """What was measured of one way: one value for each question, in the plan's order, tuning ones first.

    `tokens`: of the passages that an answer would be given. `ms`: of the search. `chunks` and `disk_bytes` are of the
    whole generation. `generation_id` is one that can be made to answer; "" where there is none.
    """

    way: int
    scores: tuple[Scores, ...]
    tokens: tuple[int, ...]
    ms: tuple[float, ...]
    chunks: int
    disk_bytes: int
    generation_id: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as it stands. `progress`, 0 to 1; `stage` says what is at hand: building, measuring or waiting."""

    id: str
    knowledge_base_id: str
    requested_by: str
    state: JobState
    plan: SweepPlan
    tried: tuple[Tried, ...]
    stage: str
    progress: float
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    is_cancelled: bool

    def seconds_left(self, now: datetime) -> float | None:
        """By what was needed so far; None until there is something to go by."""
        if self.state is not JobState.RUNNING or not self.started_at or self.progress < 0.02:
            return None
        spent = (now - self.started_at).total_seconds()
        return spent / self.progress * (1 - self.progress)


def make_plan(
    present: Way,
    profiles: Sequence[ChunkingProfile],
    *,
    ks: Sequence[int],
    meaning_weights: Sequence[float],
    reranks: Sequence[bool],
    questions: Sequence[str],
    documents: Sequence[str] = (),
) -> SweepPlan:
    """Every profile with every way to search, the present way first. An empty sequence keeps what is present.

    Every second question, in the order of the ids (which are hashes), is held out. Raises Rejected where there is
    nothing to compare, or too much.
    """
    chosen = list(dict.fromkeys(profiles)) or [present.profile]
    searches = product(ks or [present.k], meaning_weights or [present.meaning_weight], reranks or [present.reranks])
    ways = [Way(profile, k, weight, reranked) for k, weight, reranked in searches for profile in chosen]
    everything = tuple(dict.fromkeys([present, *ways]))
    if len(everything) < 2:
        raise Rejected("There is nothing to compare with the present way; choose another profile or way to search.")
    if len(everything) > MOST_WAYS or len(chosen) > MOST_PROFILES:
        raise Rejected(
            f"A sweep compares at most {MOST_PROFILES} profiles and {MOST_WAYS} combinations; these are "
            f"{len(everything)}. Choose fewer."
        )
    ordered = sorted(questions)
    return SweepPlan(everything, tuple(ordered[::2]), tuple(ordered[1::2]), tuple(documents))
