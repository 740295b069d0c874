"""The time that the stages of an answer take."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Clock:
    """Milliseconds per stage; every stage has an entry from the start, 0 where it had nothing to do."""

    started: float = field(default_factory=time.perf_counter)
    lap_started: float = field(default_factory=time.perf_counter)
    laps: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("condense", "retrieve", "rerank", "prompt", "first_token"), 0.0)
    )

    def lap(self, stage: str) -> None:
        """Write down the time since the last lap."""
        now = time.perf_counter()
        self.laps[stage] = round((now - self.lap_started) * 1000, 2)
        self.lap_started = now

    def timings_ms(self) -> dict[str, float]:
        """All stages and the total."""
        return {**self.laps, "total": round((time.perf_counter() - self.started) * 1000, 2)}
