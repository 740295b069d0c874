"""How well a way of cutting finds what questions ask for, and whether one way is better than another. Pure.

Evidence and passages are spans of characters, so that ways of cutting can be compared at all (Smith and Troynikov,
Evaluating Chunking Strategies for Retrieval, Chroma 2024). Intervals are percentile bootstrap intervals (Efron and
Tibshirani, An Introduction to the Bootstrap, 1993); differences are of the same questions, pair by pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 2_000
SURE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `[start, end)` of a document's text."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one question, each 0 to 1.

    `recall`: the part of the evidence's characters that the passages hold; `precision`: the part of the passages'
    characters that is evidence; `iou`: what both share of what either has; `reciprocal_rank`: of the first passage that
    holds any of the evidence.
    """

    recall: float
    precision: float
    iou: float
    reciprocal_rank: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the interval in which it lies with a probability of 95 %."""

    mean: float
    low: float
    high: float


class Verdict(StrEnum):
    """What a comparison comes to."""

    BETTER = "better"
    WORSE = "worse"
    NOISE = "noise"


def score(evidence: Sequence[Span], passages: Sequence[Span]) -> Scores:
    """Scores of one question; `passages` in their order. Without evidence or passages all are 0."""
    wanted, found = _cover(evidence), _cover(passages)
    shared = _overlap(wanted, found)
    wanted_size, found_size = _size(wanted), _size(found)
    first = next((rank for rank, each in enumerate(passages, start=1) if _overlap(wanted, _cover([each]))), 0)
    return Scores(
        recall=shared / wanted_size if wanted_size else 0.0,
        precision=shared / found_size if found_size else 0.0,
        iou=shared / (wanted_size + found_size - shared) if shared else 0.0,
        reciprocal_rank=1 / first if first else 0.0,
    )


def mean_interval(values: Sequence[float], *, seed: int = 0) -> Interval:
    """The mean of one value for each question. Raises ValueError without any."""
    if not values:
        raise ValueError("There is nothing to take the mean of.")
    means = _resampled_means(np.asarray(values), seed)
    low, high = np.quantile(means, [(1 - SURE) / 2, (1 + SURE) / 2])
    return Interval(float(np.mean(values)), float(low), float(high))


def compare(values: Sequence[float], baseline: Sequence[float], *, seed: int = 0) -> tuple[Verdict, Interval]:
    """Whether values are better than the baseline's of the same questions, and the difference.

    A difference whose interval holds 0 is within noise.
    """
    difference = mean_interval([mine - other for mine, other in zip(values, baseline, strict=True)], seed=seed)
    if difference.low > 0:
        return Verdict.BETTER, difference
    return (Verdict.WORSE if difference.high < 0 else Verdict.NOISE), difference


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Shape (RESAMPLES,): means of as many questions each, drawn with replacement."""
    picked = np.random.default_rng(seed).integers(0, len(values), size=(RESAMPLES, len(values)))
    means: NDArray[np.float64] = values[picked].mean(axis=1)
    return means


def _cover(spans: Sequence[Span]) -> dict[str, list[tuple[int, int]]]:
    """Spans by document, in order, those that touch made one."""
    merged: dict[str, list[tuple[int, int]]] = {}
    for each in sorted(spans, key=lambda span: (span.document_id, span.start, span.end)):
        if each.end <= each.start:
            continue
        parts = merged.setdefault(each.document_id, [])
        if parts and each.start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], max(parts[-1][1], each.end))
        else:
            parts.append((each.start, each.end))
    return merged


def _overlap(one: dict[str, list[tuple[int, int]]], other: dict[str, list[tuple[int, int]]]) -> int:
    return sum(
        max(0, min(end, other_end) - max(start, other_start))
        for document_id in one.keys() & other.keys()
        for start, end in one[document_id]
        for other_start, other_end in other[document_id]
    )


def _size(cover: dict[str, list[tuple[int, int]]]) -> int:
    return sum(end - start for parts in cover.values() for start, end in parts)
