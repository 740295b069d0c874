"""robots.txt (RFC 9309): what a site asks crawlers to leave alone, and how fast they may come."""

from dataclasses import dataclass
from typing import Final

import httpx
from protego import Protego

from app.egress.refusal import find_refusal
from app.errors import Rejected

# A crawler need read no more of it (RFC 9309, section 2.5).
MOST_BYTES: Final = 512 * 1024
# Sites that ask for more would never be finished.
LONGEST_DELAY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one host for us. `delay_s`: seconds between two requests; `sitemaps`: addresses that it names.

    `unreadable`: why the file cannot be read for now, in which case nothing is allowed.
    """

    rules: Protego
    agent: str
    unreadable: str = ""

    def allows(self, url: str) -> bool:
        """Whether the address may be asked."""
        return not self.unreadable and self.rules.can_fetch(url, self.agent)

    @property
    def delay_s(self) -> float:
        """0 where the site asks for none."""
        return min(float(self.rules.crawl_delay(self.agent) or 0.0), LONGEST_DELAY_S)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """Sitemaps that the file names."""
        return tuple(self.rules.sitemaps)


async def fetch_robots(client: httpx.AsyncClient, origin: str, agent: str) -> Robots:
    """The rules at an origin (https://wiki.example). Without the file everything is allowed.

    While the server cannot say (5xx, no connection) nothing is (RFC 9309, section 2.3.1.4).
    """
    nothing = Protego.parse("")
    try:
        answer = await client.get(f"{origin}/robots.txt", follow_redirects=True)
    except Rejected:
        return Robots(nothing, agent)
    except httpx.HTTPError as exc:
        return Robots(nothing, agent, unreadable=str(find_refusal(exc) or "The server cannot be reached."))
    if answer.status_code >= 500:
        said = f"The server says {answer.status_code} when asked for robots.txt, and without that nothing is read."
        return Robots(nothing, agent, unreadable=said)
    if answer.status_code >= 400:
        return Robots(nothing, agent)
    return Robots(Protego.parse(answer.content[:MOST_BYTES].decode("utf-8", "replace")), agent)
