"""How good models are, from votes on pairs of them. Pure.

`rating` is the strength of the Bradley–Terry model (Bradley and Terry, Biometrika 39, 1952) on Elo's scale: 400 points
more mean ten wins for one loss, 1000 is average. It is the maximum of the likelihood, found by Hunter's algorithm (MM
Algorithms for Generalized Bradley–Terry Models, Annals of Statistics 32, 2004), and hangs on which votes there are, not
on their order. Ties, and votes for neither, are half a win for each. One tie of every model with an average one is
added, so that a model that always won has a rating at all. Intervals are percentile bootstrap intervals of 95 %, as in
Chiang et al., Chatbot Arena, 2024.

`elo` is the older running figure (Elo, The Rating of Chessplayers, 1978), each vote moving both models by up to K.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.domain.votes import Outcome, Vote

START: Final = 1000.0
SCALE: Final = 400.0
K: Final = 32.0
RESAMPLES: Final = 500
SURE: Final = 0.95
FEW: Final = 20
"""With fewer votes, a model's rating says little."""
_PRIOR_TIES: Final = 1.0
_MOST_ROUNDS: Final = 5_000
_CLOSE_ENOUGH: Final = 1e-9
_LEFT_GETS: Final = {Outcome.LEFT: 1.0, Outcome.RIGHT: 0.0, Outcome.BOTH: 0.5, Outcome.NEITHER: 0.5}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rating:
    """What the votes say of a model. `low`, `high`: the rating lies between them with a probability of 95 %.

    `neither`: how many of the ties were votes for neither answer.
    """

    model: str
    rating: float
    low: float
    high: float
    elo: float
    wins: int
    losses: int
    ties: int
    neither: int

    @property
    def votes(self) -> int:
        """How many votes it took part in."""
        return self.wins + self.losses + self.ties

    @property
    def is_few(self) -> bool:
        """Whether there are too few votes to say much."""
        return self.votes < FEW


def rate(votes: Sequence[Vote], *, seed: int = 0) -> list[Rating]:
    """Every model that was voted on, the best first. `votes` are in the order of time, which only `elo` hangs on."""
    models = sorted({name for vote in votes for name in (vote.left, vote.right)})
    if not models:
        return []
    strengths = _strengths(_points(models, votes)[np.newaxis])[0]
    resampled = _strengths(_resampled_points(models, votes, seed))
    low, high = np.quantile(_on_scale(resampled), [(1 - SURE) / 2, (1 + SURE) / 2], axis=0)
    elo, ratings = run_elo(votes), _on_scale(strengths)
    rated = [
        Rating(
            model=model,
            rating=float(ratings[n]),
            # A resample may leave out every vote on a model; its rating still belongs to its interval.
            low=float(min(low[n], ratings[n])),
            high=float(max(high[n], ratings[n])),
            elo=elo[model],
            **_count(model, votes),
        )
        for n, model in enumerate(models)
    ]
    return sorted(rated, key=lambda each: (-each.rating, each.model))


def run_elo(votes: Sequence[Vote]) -> dict[str, float]:
    """Elo's figure of every model after the last vote."""
    elo: dict[str, float] = {}
    for vote in votes:
        left, right = elo.setdefault(vote.left, START), elo.setdefault(vote.right, START)
        moved = K * (_LEFT_GETS[vote.outcome] - expected(left, right))
        elo[vote.left] += moved
        elo[vote.right] -= moved
    return elo


def expected(rating: float, other: float) -> float:
    """How often a model of this rating wins against one of the other, ties halved: 0 to 1."""
    return float(1 / (1 + 10 ** ((other - rating) / SCALE)))


def _points(models: Sequence[str], votes: Sequence[Vote]) -> Floats:
    """Shape (models, models): how many points the first has against the second."""
    place = {model: n for n, model in enumerate(models)}
    points = np.zeros((len(models), len(models)))
    for vote in votes:
        left, right, gained = place[vote.left], place[vote.right], _LEFT_GETS[vote.outcome]
        points[left, right] += gained
        points[right, left] += 1 - gained
    return points


def _resampled_points(models: Sequence[str], votes: Sequence[Vote], seed: int) -> Floats:
    """Shape (RESAMPLES, models, models): points of as many votes each, drawn with replacement."""
    # Votes that are alike are counted, and the kinds sorted: the order of the votes does not matter.
    kinds = Counter(_kind(vote) for vote in votes)
    ordered = sorted(kinds)
    shares = np.array([kinds[kind] for kind in ordered]) / len(votes)
    drawn = np.random.default_rng(seed).multinomial(len(votes), shares, size=RESAMPLES)
    place = {model: n for n, model in enumerate(models)}
    points = np.zeros((RESAMPLES, len(models), len(models)))
    for n, (left, right, gained) in enumerate(ordered):
        points[:, place[left], place[right]] += drawn[:, n] * gained
        points[:, place[right], place[left]] += drawn[:, n] * (1 - gained)
    return points


def _kind(vote: Vote) -> tuple[str, str, float]:
    """What a vote says, whoever stood where."""
    gained = _LEFT_GETS[vote.outcome]
    return (vote.left, vote.right, gained) if vote.left < vote.right else (vote.right, vote.left, 1 - gained)


def _strengths(points: Floats) -> Floats:
    """Shape (n, models) for points of shape (n, models, models): the strengths that make them most likely."""
    met = points + points.transpose(0, 2, 1)
    won = points.sum(axis=2) + _PRIOR_TIES / 2
    strengths = np.ones(won.shape)
    for _ in range(_MOST_ROUNDS):
        between = (met / (strengths[:, :, np.newaxis] + strengths[:, np.newaxis, :])).sum(axis=2)
        better = won / (between + _PRIOR_TIES / (strengths + 1))
        is_there = np.abs(np.log(better / strengths)).max() < _CLOSE_ENOUGH
        strengths = better
        if is_there:
            break
    return strengths


def _on_scale(strengths: Floats) -> Floats:
    return START + SCALE * np.log10(strengths)


def _count(model: str, votes: Sequence[Vote]) -> dict[str, int]:
    counted = Counter(_result(model, vote) for vote in votes if model in (vote.left, vote.right))
    neither = sum(vote.outcome is Outcome.NEITHER for vote in votes if model in (vote.left, vote.right))
    return {"wins": counted["won"], "losses": counted["lost"], "ties": counted["tied"], "neither": neither}


def _result(model: str, vote: Vote) -> str:
    match vote.outcome:
        case Outcome.LEFT:
            return "won" if model == vote.left else "lost"
        case Outcome.RIGHT:
            return "won" if model == vote.right else "lost"
        case Outcome.BOTH | Outcome.NEITHER:
            return "tied"
