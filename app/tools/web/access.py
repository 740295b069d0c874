"""The web for everybody who asks this service: one search engine, single pages, and what was fetched lately."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from app.answer.search.retrieve import embed_question
from app.domain import Passage, WebHit, WebResults
from app.egress.addresses import AddressGuard, Resolve, resolve
from app.errors import CloisterError
from app.ports import Embedder, WebSearch
from app.settings import Settings
from app.tools.web.cache import TimedCache
from app.tools.web.fetch import PageFetcher
from app.tools.web.passages import CutPage, choose_best, cut_page, cut_snippet, take_first

_SEARCHES_KEPT: Final = 200
_PAGES_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search gave. `read`: how many pages were read. `unread`: for each page that could not be, why not."""

    results: WebResults
    passages: tuple[Passage, ...]
    read: int
    unread: tuple[str, ...]


class WebAccess:
    """Built once. What it keeps is in memory only, for `web_search.cache_minutes`, and goes with the process.

    `guard`: which addresses pages may be fetched from; public ones, unless `crawl.outside` is off.
    """

    def __init__(
        self,
        settings: Settings,
        engine: WebSearch,
        embedder: Callable[[], Embedder],
        *,
        guard: AddressGuard | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        web = settings.web_search
        self._settings, self._engine, self._embedder = settings, engine, embedder
        self._fetcher = PageFetcher(
            guard or AddressGuard(outside=settings.crawl.outside),
            settings.crawl.user_agent,
            web.timeout_s,
            web.page_characters,
            resolve,
        )
        seconds = web.cache_minutes * 60
        self._searches: TimedCache[str, WebResults] = TimedCache(size=_SEARCHES_KEPT, seconds=seconds)
        self._pages: TimedCache[tuple[str, str], CutPage] = TimedCache(size=_PAGES_KEPT, seconds=seconds)

    @property
    def host(self) -> str:
        """Where queries go."""
        return self._engine.host

    async def search(self, query: str) -> Searched:
        """Search, read the first results, and choose what speaks to the query.

        A page that cannot be read is stood in for by what the search engine says of it. Raises EngineUnavailable,
        Rejected.
        """
        results = await self._results(query)
        pages = self._settings.web_search.pages
        read = await asyncio.gather(*(self._read_or_say_why(hit) for hit in results.hits[:pages]))
        unread = [hit for hit, page in zip(results.hits, read, strict=False) if isinstance(page, CloisterError)]
        snippets = await asyncio.to_thread(self._cut_snippets, [*unread, *results.hits[pages:]])
        cut = [page for page in read if isinstance(page, CutPage)]
        passages = await asyncio.to_thread(self._choose, [*cut, *snippets], query)
        return Searched(
            results, passages, len(cut), tuple(str(each) for each in read if isinstance(each, CloisterError))
        )

    async def open(self, url: str, looking_for: str) -> tuple[Passage, ...]:
        """What a page says about what is looked for; its beginning where that is "". Raises Rejected,
        EngineUnavailable.
        """
        page = await self._read(url, may_stray=False)
        if not looking_for.strip():
            return take_first(page)
        return await asyncio.to_thread(self._choose, [page], looking_for)

    async def _results(self, query: str) -> WebResults:
        if kept := self._searches.find(query):
            return kept
        limit = self._settings.web_search.results
        results = await asyncio.to_thread(self._engine.search, query, limit=limit)
        if results.hits:
            self._searches.put(query, results)
        return results

    async def _read_or_say_why(self, hit: WebHit) -> CutPage | CloisterError:
        try:
            return await self._read(hit.url, may_stray=True)
        except CloisterError as exc:
            return exc

    async def _read(self, url: str, *, may_stray: bool) -> CutPage:
        key = (url, self._embedder().model_id)
        if kept := self._pages.find(key):
            return kept
        page = await self._fetcher.fetch(url, may_stray=may_stray)
        languages = self._settings.sparse.languages
        cut = await asyncio.to_thread(cut_page, page, self._settings.chunking.profile, self._embedder(), languages)
        self._pages.put(key, cut)
        return cut

    def _cut_snippets(self, hits: Sequence[WebHit]) -> list[CutPage]:
        return [cut_snippet(hit, self._embedder()) for hit in hits]

    def _choose(self, pages: Sequence[CutPage], asked: str) -> tuple[Passage, ...]:
        return choose_best(pages, embed_question(asked, self._embedder()))
