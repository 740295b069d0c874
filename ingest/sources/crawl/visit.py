"""One visit of a plain site: crawlee's queue, retries and concurrency around our own requests."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

import httpx
from crawlee import ConcurrencySettings, Request
from crawlee.crawlers import BasicCrawler, BasicCrawlingContext
from crawlee.storage_clients import MemoryStorageClient
from crawlee.storages import RequestQueue

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, PageState, Scope
from app.domain.urls import host_of, index_twins, is_same_site, origin_of
from app.egress.refusal import find_refusal
from app.errors import EngineUnavailable, Rejected
from ingest.sources.crawl.fetch import Fetcher, Unsuccessful, blank
from ingest.sources.crawl.manners import Manners
from ingest.sources.crawl.pace import Pace
from ingest.sources.crawl.render import Renderer
from ingest.sources.crawl.robots import Robots
from ingest.sources.crawl.sitemaps import read_sitemaps

RETRIES: Final = 2
# So many addresses in a row without any answer: the server is gone, and waiting for the rest helps nobody.
SILENT: Final = 20
READ: Final = frozenset({PageState.FETCHED, PageState.NOT_MODIFIED})


@dataclass(slots=True)
class Visit:
    """One crawl under way. All of it runs in one event loop, so nothing here is shared with another thread."""

    scope: Scope
    memory: CrawlMemory
    manners: Manners
    client: httpx.AsyncClient
    renderer: Renderer | None
    on_page: Callable[[CrawledPage], None]
    is_cancelled: Callable[[], bool]
    pace: Pace
    robots: dict[str, Robots]
    requests: int = 0
    depth_by_url: dict[str, int] = field(default_factory=dict)
    state_by_url: dict[str, PageState] = field(default_factory=dict)
    target_by_url: dict[str, str] = field(default_factory=dict)
    lastmod_by_url: dict[str, str] = field(default_factory=dict)
    index_words: dict[str, int] = field(default_factory=dict)
    # Pages that name another address as their own, by that address, until it has answered.
    waiting: dict[str, list[CrawledPage]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    silent: int = 0
    failure: Exception | None = None
    was_cancelled: bool = False

    async def run(self) -> CrawlEnd:
        """The whole visit: what links and sitemaps lead to, then the known pages that they did not lead to."""
        if self.scope.reads_sitemaps:
            await self._read_sitemaps()
        await self._visit(self._take_up())
        if READ & set(self.state_by_url.values()):  # else the site is away, and all of it would be asked in vain
            pages = [url for url, known in self.memory.known.items() if not known.copy_of]
            await self._visit(self._admit(pages, depth=0))
        self._settle_waiting()
        for url in self.left_out.intersection(url for url, known in self.memory.known.items() if not known.copy_of):
            self._tell(blank(url, PageState.LEFT_OUT, "It is beyond the crawl's limits of depth and number."))
        if self.failure is not None:
            raise self.failure
        return CrawlEnd(self.requests, len(self.left_out), self.was_cancelled)

    async def _visit(self, requests: list[Request]) -> None:
        if not requests or self.failure or self.was_cancelled:
            return
        queue = await RequestQueue.open(alias=uuid4().hex, storage_client=MemoryStorageClient())
        try:
            await self._crawler(queue).run(requests)
        finally:
            await queue.drop()

    def _crawler(self, queue: RequestQueue) -> BasicCrawler:
        logging.getLogger("crawlee").setLevel(logging.CRITICAL)  # it logs addresses
        most = self.manners.concurrency
        crawler: BasicCrawler = BasicCrawler(
            request_manager=queue,
            storage_client=MemoryStorageClient(),
            request_handler=self._handle,
            max_request_retries=RETRIES,
            use_session_pool=False,
            retry_on_blocked=False,
            concurrency_settings=ConcurrencySettings(most, most, desired_concurrency=most),
            configure_logging=False,
        )
        crawler.failed_request_handler(self._give_up)
        return crawler

    async def _read_sitemaps(self) -> None:
        for origin, robots in self.robots.items():
            host = host_of(origin)
            named = tuple(each for each in robots.sitemaps if host_of(each) == host)
            found, requests = await read_sitemaps(self.client, named or (f"{origin}/sitemap.xml",), host)
            self.requests += requests
            self.lastmod_by_url |= {url: lastmod for url, lastmod in found.items() if self.scope.admits(url)}

    def _take_up(self) -> list[Request]:
        """The requests to begin with: the starts, or where an interrupted crawl was."""
        finished = self.memory.finished
        pending: list[Request] = []
        admitted = self._admit([*self.scope.starts, *self.lastmod_by_url], depth=0)
        while admitted:
            request = admitted.pop()
            if request.url in finished:
                self.state_by_url[request.url] = PageState.FETCHED
                for link in finished[request.url]:
                    self._open_for(request.url, link)
                admitted += self._admit(finished[request.url], depth=self.depth_by_url[request.url] + 1)
            else:
                pending.append(request)
        return pending

    async def _handle(self, context: BasicCrawlingContext) -> None:
        url = context.request.url
        if self.failure is not None or self.was_cancelled or self.is_cancelled():
            self.was_cancelled = self.was_cancelled or self.failure is None
            return
        robots = self.robots.get(origin_of(url))
        if robots and self.manners.obeys_robots and not robots.allows(url):
            self._tell(
                blank(url, PageState.FAILED, robots.unreadable)
                if robots.unreadable
                else blank(url, PageState.LEFT_OUT, "robots.txt asks crawlers to leave it alone.")
            )
            return
        page = self._as_dated(url)
        if page is None:
            await self.pace.wait_for_turn()
            page = await self._fetch(url)
        if page.state is PageState.MOVED:
            page = self._follow(page)
        if page.state is PageState.FETCHED and page.canonical_url == url:
            page = self._as_index(page)
        if page.state in READ and page.canonical_url != url:
            self._wait_for_canonical(page)
        else:
            self._tell(page)
        links = page.links if page.canonical_url in ("", url) else (*page.links, page.canonical_url)
        is_moved = page.state is PageState.MOVED
        await context.add_requests(self._admit(links, depth=self.depth_by_url[url] + (not is_moved)))

    async def _fetch(self, url: str) -> CrawledPage:
        """Raises Unsuccessful and httpx.HTTPError for what is tried again."""
        self.requests += 1
        try:
            page = await Fetcher(self.client, self.scope.admits, self.renderer).fetch(url, self.memory.known.get(url))
        except Rejected as exc:
            return blank(url, PageState.FAILED, str(exc))
        except Unsuccessful as exc:
            self.pace.pause(exc.wait_s)
            raise
        self.silent = 0
        return replace(page, lastmod=self.lastmod_by_url.get(url, ""))

    async def _give_up(self, context: BasicCrawlingContext, error: Exception) -> None:
        """After the last try."""
        match error:
            case Unsuccessful():
                self._tell(error.page)
            case httpx.HTTPError():
                said = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
                refusal = find_refusal(error)
                note = str(refusal) if refusal else f"The server {said}."
                self._tell(blank(context.request.url, PageState.FAILED, note))
                self.silent += 1
                if self.silent >= SILENT:
                    self.failure = EngineUnavailable("The site stopped answering; it is tried again later.")
            case _:
                self.failure = self.failure or error

    # --- where addresses lead ------------------------------------------------------------------

    def _as_dated(self, url: str) -> CrawledPage | None:
        """The page as it was, when the sitemap names the date that it named the last time."""
        known, lastmod = self.memory.known.get(url), self.lastmod_by_url.get(url)
        if known is None or not lastmod or known.lastmod != lastmod:
            return None
        page = blank(url, PageState.NOT_MODIFIED)
        return replace(page, final_url=url, canonical_url=url, links=known.links, lastmod=lastmod)

    def _follow(self, page: CrawledPage) -> CrawledPage:
        """A redirect that leads to a page of the crawl; else what is wrong with it."""
        (target,) = page.links
        self._open_for(page.url, target)
        if not self.scope.admits(target):
            note = "It is redirected to where this crawl does not go."
            return replace(page, state=PageState.LEFT_OUT, links=(), canonical_url="", note=note)
        self.target_by_url[page.url] = target
        passed = [page.url]
        while target in self.target_by_url and target not in passed:
            passed.append(target)
            target = self.target_by_url[target]
        if target in passed:
            return replace(page, state=PageState.FAILED, links=(), note="It is redirected in a circle.")
        return page

    def _open_for(self, url: str, target: str) -> None:
        """A start address may lead to the same site's https or www address: that is meant, too."""
        if url in self.scope.starts and is_same_site(url, target) and not self.scope.admits(target):
            self.scope = self.scope.opened(target)

    def _as_index(self, page: CrawledPage) -> CrawledPage:
        """A folder and its index file are one page if they say the same, or did so at an earlier crawl."""
        words = hash(page.markdown)
        for twin in index_twins(page.url):
            known = self.memory.known.get(page.url)
            was_one = twin in self.memory.known and (known is None or known.copy_of == twin)
            if was_one or self.index_words.get(twin) == words:
                return replace(page, canonical_url=twin)
            self.index_words[page.url] = words
        return page

    def _wait_for_canonical(self, page: CrawledPage) -> None:
        """A page that calls itself by another address is a copy, if that address answers."""
        state = self.state_by_url.get(page.canonical_url)
        if state is None:
            self.waiting.setdefault(page.canonical_url, []).append(page)
        else:
            self._tell(_settled(page, state))

    def _settle_waiting(self) -> None:
        """What waits for an address that never answered stands for itself."""
        if self.was_cancelled or self.failure:
            return
        for pages in list(self.waiting.values()):
            for page in pages:
                self._tell(_settled(page, None))
        self.waiting.clear()

    def _admit(self, urls: Iterable[str], *, depth: int) -> list[Request]:
        """Requests for those addresses that are new and within the bounds."""
        admitted = []
        for url in urls:
            if url in self.depth_by_url or not self.scope.admits(url):
                continue
            if depth > self.scope.max_depth or len(self.depth_by_url) >= self.scope.max_pages:
                self.left_out.add(url)
                continue
            self.left_out.discard(url)
            self.depth_by_url[url] = depth
            admitted.append(Request.from_url(url))
        return admitted

    def _tell(self, page: CrawledPage) -> None:
        if page.url in self.state_by_url or self.failure is not None:
            return
        self.state_by_url[page.url] = page.state
        try:
            self.on_page(page)
        except Exception as exc:  # noqa: BLE001 - raised again when the crawl has ended
            self.failure = exc
        for copy in self.waiting.pop(page.url, []):
            self._tell(_settled(copy, page.state))


def _settled(page: CrawledPage, state_of_canonical: PageState | None) -> CrawledPage:
    """A copy of another page has moved there; without that page it is the page."""
    if state_of_canonical in READ:
        return replace(page, state=PageState.MOVED, markdown="")
    if page.state is PageState.NOT_MODIFIED:
        return replace(
            page, state=PageState.FAILED, note="The page that it was a copy of is gone; it is read anew soon."
        )
    return replace(page, canonical_url=page.url)
