"""Firecrawl as the crawler, version 2 of its API: a server of one's own, or the cloud with a key.

Where the server hands over a page's HTML it is read as the built-in crawler reads it, so that both give the same
Markdown; what it has read itself (a PDF, say) comes as its Markdown. Pages are asked for anew (`maxAge` 0).
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from firecrawl import Firecrawl  # type: ignore[import-untyped]
from firecrawl.v2.types import (  # type: ignore[import-untyped]
    CrawlJob,
    Document,
    PaginationConfig,
    ScrapeOptions,
)
from firecrawl.v2.utils.error_handler import (  # type: ignore[import-untyped]
    BadRequestError,
    FirecrawlError,
)

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, PageState, Scope
from app.domain.urls import fold
from app.egress.refusal import raise_if_refused
from app.errors import EngineUnavailable
from app.settings import FirecrawlSettings
from ingest.parse.encoding import NotTextError
from ingest.sources.crawl.fetch import CLOSED, GONE, blank, with_html
from ingest.sources.crawl.manners import Manners
from ingest.sources.crawl.page import read_html

POLL_S: Final = 1.0
LONGEST_NOTE: Final = 200
_FORMATS: Final = ("markdown", "rawHtml")
_TRACKING: Final = {"type": "changeTracking", "modes": ["git-diff"]}
# Fetched now, kept nowhere, and not from just anybody: the client's own default trusts every certificate.
_FRESH: Final = MappingProxyType(
    {"max_age": 0, "store_in_cache": False, "skip_tls_verification": False, "only_main_content": True}
)
_ONE_PAGE: Final = PaginationConfig(auto_paginate=False)


class FirecrawlCrawler:
    """Hands the crawl to a Firecrawl server. What was interrupted is crawled anew; finished pages are not told."""

    def __init__(self, settings: FirecrawlSettings, manners: Manners, *, poll_s: float = POLL_S) -> None:
        self._settings, self._manners, self._poll_s = settings, manners, poll_s

    def crawl(
        self,
        scope: Scope,
        memory: CrawlMemory,
        *,
        on_page: Callable[[CrawledPage], None],
        is_cancelled: Callable[[], bool],
    ) -> CrawlEnd:
        """See Crawler. Raises EngineUnavailable when the server does not answer or refuses the crawl."""
        # An empty key keeps the client from looking for one in the environment, a name of our own from telling which
        # program calls it.
        client = Firecrawl(
            api_key=self._settings.api_key.get_secret_value(),
            api_url=self._settings.url,
            timeout=self._settings.timeout_s,
            origin="cloister",
        )
        visit = _Visit(client, scope, memory, self._manners, on_page, is_cancelled, self._poll_s)
        try:
            return visit.run()
        except FirecrawlError as exc:
            raise_if_refused(exc)
            raise EngineUnavailable(f"Firecrawl did not do it: {_brief(exc)}") from exc
        except requests.RequestException as exc:
            raise_if_refused(exc)
            raise EngineUnavailable(
                f"The Firecrawl server at {self._settings.url} does not answer; check crawl.firecrawl.url."
            ) from exc


@dataclass(slots=True)
class _Visit:
    client: Firecrawl
    scope: Scope
    memory: CrawlMemory
    manners: Manners
    on_page: Callable[[CrawledPage], None]
    is_cancelled: Callable[[], bool]
    poll_s: float
    told: set[str] = field(default_factory=set)
    requests: int = 0
    read: int = 0
    tracks_changes: bool = True

    def run(self) -> CrawlEnd:
        self.told.update(self.memory.finished)
        for start in self.scope.starts:
            if not self.is_cancelled():
                self._crawl_from(start)
        if self.read:  # else the site is away, and all of it would be asked in vain
            self._ask_for_the_rest()
        return CrawlEnd(self.requests, 0, self.is_cancelled())

    def _crawl_from(self, start: str) -> None:
        job_id = self._start(start)
        while (job := self.client.get_crawl_status(job_id, _ONE_PAGE)).status == "scraping":
            if self.is_cancelled():
                self.client.cancel_crawl(job_id)
                return
            time.sleep(self.poll_s)
        if job.status != "completed":
            raise EngineUnavailable(f"Firecrawl ended the crawl as {job.status}; see its log.")
        self.requests += job.completed
        for document in self._documents(job):
            self._tell_document(document)
        problems = self.client.get_crawl_errors(job_id)
        for problem in problems.errors:
            self._tell(problem.url, PageState.FAILED, f"Firecrawl could not read it: {_brief(problem.error or '')}")
        for url in problems.robots_blocked:
            self._tell(url, PageState.LEFT_OUT, "robots.txt asks crawlers to leave it alone.")

    def _start(self, start: str) -> str:
        """Start the crawl; with change tracking where the server has it."""
        options: dict[str, Any] = {
            "limit": self.scope.max_pages,
            "max_discovery_depth": self.scope.max_depth,
            "crawl_entire_domain": True,
            "include_paths": [*_folder_pattern(start, self.scope), *map(_as_regex, self.scope.include)] or None,
            "exclude_paths": [_as_regex(pattern) for pattern in self.scope.exclude] or None,
            "sitemap": "include" if self.scope.reads_sitemaps else "skip",
            "max_concurrency": self.manners.concurrency,
            "delay": round(self.manners.delay_s) or None,
            # Servers that do not know it refuse the request.
            **({} if self.manners.obeys_robots else {"ignore_robots_txt": True}),
        }
        try:
            return str(self.client.start_crawl(start, scrape_options=self._scrape_options(), **options).id)
        except BadRequestError:
            if not self.tracks_changes:
                raise
            self.tracks_changes = False
            return str(self.client.start_crawl(start, scrape_options=self._scrape_options(), **options).id)

    def _scrape_options(self) -> ScrapeOptions:
        formats = [*_FORMATS, *([_TRACKING] if self.tracks_changes else [])]
        return ScrapeOptions(formats=formats, **_FRESH)

    def _documents(self, job: CrawlJob) -> Iterator[Document]:
        """All that a finished crawl holds; the client keeps the addresses of further parts to the server's own host."""
        yield from job.data
        while job.next and not self.is_cancelled():
            job = self.client.get_crawl_status_page(job.next)
            yield from job.data

    def _ask_for_the_rest(self) -> None:
        """Known pages that the crawl did not come to, one by one: what is gone must be known to be gone."""
        for url, known in self.memory.known.items():
            if known.copy_of or url in self.told or not self.scope.admits(url) or self.is_cancelled():
                continue
            self.requests += 1
            try:
                document = self.client.scrape(url, formats=list(_FORMATS), **_FRESH)
            except FirecrawlError as exc:
                self._tell(url, PageState.FAILED, f"Firecrawl could not read it: {_brief(exc)}")
            else:
                assert isinstance(document, Document)
                self._tell_document(document)

    # --- pages ---------------------------------------------------------------------------------

    def _tell_document(self, document: Document) -> None:
        about = document.metadata_typed
        asked = fold(about.source_url or about.url or "")
        url = fold(about.url or "") or asked
        if asked is None or url is None:
            return
        if url != asked:
            self._tell(asked, PageState.MOVED, canonical=url)
        if url in self.told:
            return
        page = replace(blank(url, PageState.FETCHED), final_url=url, canonical_url=url, status=about.status_code or 0)
        self._tell_page(self._read(page, document))

    def _read(self, page: CrawledPage, document: Document) -> CrawledPage:
        about = document.metadata_typed
        if page.status in GONE:
            return replace(page, state=PageState.GONE)
        if page.status in CLOSED:
            return replace(page, state=PageState.REFUSED, note=f"The server refuses it ({page.status}).")
        if page.status >= 400 or about.error:
            return replace(page, state=PageState.FAILED, note=f"The server says {page.status}.")
        if self._is_as_known(page.url, document):
            return replace(page, state=PageState.NOT_MODIFIED, links=self.memory.known[page.url].links)
        self.read += 1
        language = str(about.language or "").split("-")[0][:2].lower()
        page = replace(page, title=str(about.title or ""), language=language, media_type="text/html")
        if not document.raw_html:
            markdown = document.markdown or ""
            return replace(page, markdown=markdown, bytes_read=len(markdown.encode()))
        return self._read_html(page, document.raw_html)

    def _read_html(self, page: CrawledPage, content: str) -> CrawledPage:
        try:
            html = read_html(content.encode(), page.url, "utf-8")
        except NotTextError:
            return replace(page, state=PageState.FAILED, note="It says that it is HTML and is no text.")
        read = with_html(page, html, self.scope.admits)
        return replace(
            read,
            canonical_url=page.url,  # another address that it names was found by the server as well
            title=read.title or page.title,
            language=read.language or page.language,
            bytes_read=len(content.encode()),
        )

    def _is_as_known(self, url: str, document: Document) -> bool:
        """Whether the server's change tracking says so, against a visit that is not older than ours of that page."""
        known, tracked = self.memory.known.get(url), document.change_tracking or {}
        before = tracked.get("previousScrapeAt") or tracked.get("previous_scrape_at")
        status = tracked.get("changeStatus") or tracked.get("change_status")
        if known is None or known.fetched_at is None or status != "same" or not before:
            return False
        return datetime.fromisoformat(str(before)) <= known.fetched_at

    def _tell(self, said: str | None, state: PageState, note: str = "", canonical: str = "") -> None:
        url = fold(said or "")
        if url and url not in self.told:
            page = replace(blank(url, state, note), canonical_url=canonical, links=(canonical,) if canonical else ())
            self._tell_page(page)

    def _tell_page(self, page: CrawledPage) -> None:
        self.told.add(page.url)
        if self.scope.admits(page.url):
            self.on_page(page)


def _folder_pattern(start: str, scope: Scope) -> list[str]:
    """The folder of a start as the server's pattern; it would take “below” to mean below the page itself."""
    path = urlsplit(start).path
    folder = path[: path.rfind("/") + 1]
    return [f"^{re.escape(folder)}.*"] if scope.below_start and folder != "/" and not scope.include else []


def _as_regex(pattern: str) -> str:
    """A pattern with * and ? as the regular expression that the server takes."""
    return "^" + re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") + "$"


def _brief(said: object) -> str:
    text = " ".join(str(said).split())
    return text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]}…"
