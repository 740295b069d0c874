"""The built-in crawler: crawlee's queue, retries and concurrency around our own client."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import httpx
from crawlee import ConcurrencySettings, Request
from crawlee.crawlers import BasicCrawler, BasicCrawlingContext
from crawlee.storage_clients import MemoryStorageClient
from crawlee.storages import RequestQueue

from app.domain import CrawledPage, CrawlEnd, KnownPage, PageState, Scope
from app.domain.urls import fold, origin_of
from app.egress.addresses import AddressGuard, Resolve, resolve
from app.egress.client import Bounds, Credentials, open_client
from app.errors import Rejected
from ingest.parse.encoding import NotTextError
from ingest.sources.crawl.page import HtmlPage, read_html
from ingest.sources.crawl.robots import Robots, fetch_robots

RETRIES: Final = 2
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
GONE: Final = frozenset({404, 410})
CLOSED: Final = frozenset({401, 403, 407, 451})


@dataclass(frozen=True, slots=True)
class Manners:
    """How a site is visited. `delay_s`: at least so long between two requests; `concurrency`: requests at once.

    `agent` is what robots.txt knows us by. `obeys_robots` may be off for one's own site.
    """

    user_agent: str
    agent: str = "Cloister"
    concurrency: int = 8
    delay_s: float = 0.0
    obeys_robots: bool = True


class BuiltinCrawler:
    """Needs nothing but the way to the site. One crawl at a time for each object."""

    def __init__(
        self,
        guard: AddressGuard,
        manners: Manners,
        *,
        bounds: Bounds | None = None,
        credentials: Credentials | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self._guard, self._manners, self._bounds = guard, manners, bounds
        self._credentials, self._resolve = credentials, resolve

    def crawl(
        self,
        scope: Scope,
        known: Mapping[str, KnownPage],
        *,
        finished: Mapping[str, Sequence[str]],
        on_page: Callable[[CrawledPage], None],
        is_cancelled: Callable[[], bool],
    ) -> CrawlEnd:
        """See Crawler."""
        return asyncio.run(self._crawl(scope, known, finished, on_page, is_cancelled))

    async def _crawl(
        self,
        scope: Scope,
        known: Mapping[str, KnownPage],
        finished: Mapping[str, Sequence[str]],
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
            visit = _Visit(scope, known, self._manners, client, on_page, is_cancelled)
            return await visit.run(finished)


@dataclass(slots=True)
class _Visit:
    """One crawl under way. All of it runs in one event loop, so nothing here is shared with another thread."""

    scope: Scope
    known: Mapping[str, KnownPage]
    manners: Manners
    client: httpx.AsyncClient
    on_page: Callable[[CrawledPage], None]
    is_cancelled: Callable[[], bool]
    depth_by_url: dict[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    robots: dict[str, Robots] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_at: float = 0.0
    requests: int = 0
    left_out: set[str] = field(default_factory=set)
    failure: Exception | None = None
    was_cancelled: bool = False

    async def run(self, finished: Mapping[str, Sequence[str]]) -> CrawlEnd:
        if self.manners.obeys_robots:
            for origin in sorted({origin_of(start) for start in self.scope.starts}):
                self.requests += 1
                self.robots[origin] = await fetch_robots(self.client, origin, self.manners.agent)
        queue = await RequestQueue.open(alias=uuid4().hex, storage_client=MemoryStorageClient())
        try:
            crawler = self._crawler(queue)
            requests = self._take_up(finished)
            if requests:
                await crawler.run(requests)
        finally:
            await queue.drop()
        if self.failure is not None:
            raise self.failure
        return CrawlEnd(self.requests, len(self.left_out), self.was_cancelled)

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

    def _take_up(self, finished: Mapping[str, Sequence[str]]) -> list[Request]:
        """The requests to begin with: the starts, or where an interrupted crawl was."""
        self.told.update(finished)
        pending: list[Request] = []
        admitted = self._admit(self.scope.starts, depth=0)
        while admitted:
            request = admitted.pop()
            if request.url in finished:
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
        if robots and not robots.allows(url):
            self._tell(_page(url, PageState.REFUSED, note="robots.txt asks crawlers to leave it alone."))
            return
        await self._wait_for_turn(robots)
        try:
            page = await self._fetch(url)
        except Rejected as exc:
            self._tell(_page(url, PageState.FAILED, note=str(exc)))
            return
        except httpx.TooManyRedirects:
            self._tell(_page(url, PageState.FAILED, note="It is redirected again and again."))
            return
        self._tell(page)
        await context.add_requests(self._admit(page.links, depth=self.depth_by_url[url] + 1))

    async def _give_up(self, context: BasicCrawlingContext, error: Exception) -> None:
        """After the last try."""
        match error:
            case _Unsuccessful():
                self._tell(error.page)
            case httpx.HTTPError():
                said = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
                self._tell(_page(context.request.url, PageState.FAILED, note=f"The server {said}."))
            case _:
                self.failure = self.failure or error

    async def _fetch(self, url: str) -> CrawledPage:
        """Raises Rejected; httpx.HTTPError and _Unsuccessful for what is tried again."""
        self.requests += 1
        known = self.known.get(url)
        answer = await self.client.get(url, headers=_conditions(known))
        if answer.status_code == 304 and known:
            return _page(url, PageState.NOT_MODIFIED, final_url=url, status=304, links=known.links)
        page = replace(
            _page(url, PageState.FETCHED, final_url=fold(str(answer.url)) or url, status=answer.status_code),
            etag=answer.headers.get("etag", ""),
            last_modified=answer.headers.get("last-modified", ""),
            media_type=answer.headers.get("content-type", "").partition(";")[0].strip().lower(),
            bytes_read=len(answer.content),
        )
        if answer.status_code in GONE:
            return replace(page, state=PageState.GONE)
        if answer.status_code in CLOSED:
            return replace(page, state=PageState.REFUSED, note=f"The server refuses it ({answer.status_code}).")
        if not answer.is_success:
            raise _Unsuccessful(replace(page, state=PageState.FAILED, note=f"The server says {answer.status_code}."))
        if page.final_url != url and not self.scope.admits(page.final_url):
            return replace(page, state=PageState.MOVED, note="It moved to where this crawl does not go.")
        if page.final_url != url:
            return replace(page, state=PageState.MOVED, canonical_url=page.final_url, links=(page.final_url,))
        if page.media_type not in HTML:
            return replace(page, content=answer.content, canonical_url=page.final_url)
        try:
            html = await asyncio.to_thread(read_html, answer.content, url, answer.charset_encoding or "")
        except NotTextError:
            return replace(page, state=PageState.FAILED, note="It says that it is HTML and is no text.")
        return self._with_text(page, html)

    def _with_text(self, page: CrawledPage, html: HtmlPage) -> CrawledPage:
        links = tuple(link for link in html.links if self.scope.admits(link))
        is_ours = html.canonical and self.scope.admits(html.canonical)
        canonical = html.canonical if is_ours else page.final_url
        page = replace(
            page,
            canonical_url=canonical,
            title=html.title,
            language=html.language,
            markdown=html.markdown,
            links=links if canonical == page.url else (*links, canonical),
        )
        if html.is_door:
            return replace(page, state=PageState.REFUSED, markdown="", note="It asks to sign in.")
        if canonical != page.url:
            return replace(page, state=PageState.MOVED, markdown="")
        return page

    def _admit(self, urls: Sequence[str], *, depth: int) -> list[Request]:
        """Requests for those addresses that are new and within the bounds."""
        admitted = []
        for url in urls:
            if url in self.depth_by_url or not self.scope.admits(url):
                continue
            if depth > self.scope.max_depth or len(self.depth_by_url) >= self.scope.max_pages:
                self.left_out.add(url)
                continue
            self.depth_by_url[url] = depth
            admitted.append(Request.from_url(url))
        return admitted

    def _tell(self, page: CrawledPage) -> None:
        if page.url in self.told or self.failure is not None:
            return
        self.told.add(page.url)
        try:
            self.on_page(page)
        except Exception as exc:  # noqa: BLE001 - raised again when the crawl has ended
            self.failure = exc

    async def _wait_for_turn(self, robots: Robots | None) -> None:
        delay = max(self.manners.delay_s, robots.delay_s if robots else 0.0)
        if not delay:
            return
        async with self.turn:
            await asyncio.sleep(max(0.0, self.next_at - time.monotonic()))
            self.next_at = time.monotonic() + delay


class _Unsuccessful(Exception):
    """An answer that may be better at the next try."""

    def __init__(self, page: CrawledPage) -> None:
        super().__init__(page.status)
        self.page = page


def _conditions(known: KnownPage | None) -> dict[str, str]:
    """Headers that spare the server an answer that we have (RFC 9110, section 13)."""
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _page(url: str, state: PageState, **facts: object) -> CrawledPage:
    return CrawledPage(url, state, datetime.now(UTC), **facts)  # type: ignore[arg-type]
