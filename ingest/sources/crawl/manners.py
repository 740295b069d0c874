"""How a site is visited."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manners:
    """How a site is visited. `delay_s`: at least so long between two requests; `concurrency`: requests at once.

    `renders`: pages are opened in a browser; `browser` is its path, empty for Playwright's own. `agent` is what
    robots.txt knows us by. `obeys_robots` may be off for one's own site.
    """

    user_agent: str
    agent: str = "Cloister"
    concurrency: int = 8
    delay_s: float = 0.0
    obeys_robots: bool = True
    renders: bool = False
    browser: str = ""
