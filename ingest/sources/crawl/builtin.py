"""The built-in crawler: it needs nothing but the way to the site."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import httpx

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, FormLogin, Scope, WikiKind
from app.domain.urls import origin_of
from app.egress.addresses import AddressGuard, Resolve, resolve
from app.egress.client import Bounds, Credentials, open_client
from app.errors import Rejected
from ingest.sources.crawl.login import log_in
from ingest.sources.crawl.manners import Manners
from ingest.sources.crawl.mediawiki import WikiVisit
from ingest.sources.crawl.pace import Pace
from ingest.sources.crawl.render import Renderer, opened_browser
from ingest.sources.crawl.robots import Robots, fetch_robots
from ingest.sources.crawl.visit import Visit
from ingest.sources.crawl.wiki_api import WikiApi, WikiPlace, find_wiki

# The checkpoint of a site that is no wiki with an API.
PLAIN: Final = "plain"


class BuiltinCrawler:
    """Needs nothing but the way to the site. One crawl at a time for each object."""

    def __init__(
        self,
        guard: AddressGuard,
        manners: Manners,
        *,
        bounds: Bounds | None = None,
        credentials: Credentials | None = None,
        login: FormLogin | None = None,
        wiki: WikiKind = WikiKind.AUTO,
        resolve: Resolve = resolve,
    ) -> None:
        self._guard, self._manners, self._bounds = guard, manners, bounds
        self._credentials, self._login, self._resolve = credentials, login, resolve
        self._wiki = wiki

    def crawl(
        self,
        scope: Scope,
        memory: CrawlMemory,
        *,
        on_page: Callable[[CrawledPage], None],
        is_cancelled: Callable[[], bool],
    ) -> CrawlEnd:
        """See Crawler."""
        return asyncio.run(self._crawl(scope, memory, on_page, is_cancelled))

    async def _crawl(
        self,
        scope: Scope,
        memory: CrawlMemory,
        on_page: Callable[[CrawledPage], None],
        is_cancelled: Callable[[], bool],
    ) -> CrawlEnd:
        async with open_client(
            self._guard,
            user_agent=self._manners.user_agent,
            bounds=self._bounds,
            credentials=self._credentials,
            resolve=self._resolve,
        ) as client:
            requests = await log_in(client, self._login) if self._login else 0
            robots = await self._read_robots(client, scope)
            requests += len(robots)
            asked = max((each.delay_s for each in robots.values()), default=0.0) if self._manners.obeys_robots else 0.0
            pace = Pace(max(self._manners.delay_s, asked))
            place = WikiPlace.read(memory.checkpoint) if self._wiki is not WikiKind.PLAIN else None
            if place is None and self._looks_for_a_wiki(memory):
                requests += 1
                place = await find_wiki(client, scope.starts[0])
            if place and self._may_ask(place, robots):
                api = WikiApi(place, client, pace, requests)
                return await WikiVisit(api, scope, memory, self._manners, on_page, is_cancelled).run()
            if self._wiki is WikiKind.MEDIAWIKI:
                raise Rejected(_why_no_wiki(scope.starts[0], place))
            async with self._renderer(client) as renderer:
                visit = Visit(
                    scope, memory, self._manners, client, renderer, on_page, is_cancelled, pace, robots, requests
                )
                return replace(await visit.run(), checkpoint=PLAIN)

    def _looks_for_a_wiki(self, memory: CrawlMemory) -> bool:
        """What was found out at the first visit holds, unless somebody has said since that it is a MediaWiki."""
        return self._wiki is WikiKind.MEDIAWIKI or (self._wiki is WikiKind.AUTO and not memory.checkpoint)

    def _may_ask(self, place: WikiPlace, robots: dict[str, Robots]) -> bool:
        """Whether robots.txt lets us use a wiki's API."""
        rules = robots.get(origin_of(place.api))
        return not self._manners.obeys_robots or rules is None or rules.allows(place.api)

    @asynccontextmanager
    async def _renderer(self, client: httpx.AsyncClient) -> AsyncIterator[Renderer | None]:
        if not self._manners.renders:
            yield None
            return
        async with opened_browser(client, self._manners.browser) as renderer:
            yield renderer

    async def _read_robots(self, client: httpx.AsyncClient, scope: Scope) -> dict[str, Robots]:
        """The rules of each host that a crawl starts at."""
        origins = sorted({origin_of(start) for start in scope.starts})
        return {origin: await fetch_robots(client, origin, self._manners.agent) for origin in origins}


def _why_no_wiki(start: str, place: WikiPlace | None) -> str:
    if place:
        return (
            f"robots.txt asks crawlers to leave the API of the MediaWiki at {start} alone. Nothing was removed. "
            "If it is your own wiki, let this source go past robots.txt; else say that it is a plain site."
        )
    return (
        f"No MediaWiki with an API answers at {start}. Nothing was removed. Check the address and the sign-in, or let "
        "the kind of the site be found out."
    )
