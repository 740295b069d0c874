"""How fast a job goes, and how long it will still take. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain import Job

# Below this the first documents say too little about the rest.
LEAST_PROGRESS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds since the work began, chunks per second, and seconds left; None while nobody can tell."""

    seconds: float
    chunks_per_s: float
    seconds_left: float | None


def measure_pace(job: Job, now: datetime) -> Pace:
    """The pace of a job at this moment, or over its whole time once it is over."""
    if job.started_at is None:
        return Pace(0.0, 0.0, None)
    seconds = max(((job.finished_at or now) - job.started_at).total_seconds(), 0.0)
    chunks_per_s = job.chunks / seconds if seconds else 0.0
    if job.finished_at is not None:
        return Pace(seconds, chunks_per_s, 0.0)
    if job.progress < LEAST_PROGRESS:
        return Pace(seconds, chunks_per_s, None)
    return Pace(seconds, chunks_per_s, seconds * (1 - job.progress) / job.progress)
