"""Results of a web search."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WebHit:
    """One result. `snippet` is the engine's own excerpt, as plain text."""

    url: str
    title: str = field(repr=False)
    snippet: str = field(default="", repr=False)
