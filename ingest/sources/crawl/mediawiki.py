"""MediaWiki by its own account: all pages once, then only what changed.

An idle visit asks for the recent changes and no more. Pages come from the parser, without what surrounds them; a change
of a template is a change of every page that shows it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, PageState, Scope
from app.domain.urls import file_name_of, fold, host_of, origin_of
from app.egress.refusal import find_refusal
from app.errors import EngineUnavailable, Rejected
from ingest.sources.crawl.fetch import Fetcher, Unsuccessful, blank
from ingest.sources.crawl.manners import Manners
from ingest.sources.crawl.page import read_html
from ingest.sources.crawl.wiki_api import WikiApi

# Wikis forget their recent changes, after 90 days where nobody says otherwise.
LONGEST_DELTA: Final = timedelta(days=30)
_DOCUMENTS: Final = (".pdf", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".csv", ".doc", ".xls", ".ppt", ".rtf")


@dataclass(slots=True)
class WikiVisit:
    """One visit under way, in one event loop."""

    api: WikiApi
    scope: Scope
    memory: CrawlMemory
    manners: Manners
    on_page: Callable[[CrawledPage], None]
    is_cancelled: Callable[[], bool]
    taken: int = 0
    left_out: int = 0
    told_files: set[str] = field(default_factory=set)

    async def run(self) -> CrawlEnd:
        """Tell what changed since the checkpoint, or everything. Raises EngineUnavailable."""
        since = self.api.place.since
        is_delta = bool(since) and datetime.now(UTC) - datetime.fromisoformat(since) < LONGEST_DELTA
        if is_delta:
            now, titles, files = await self.api.list_changes(self.memory.known)
            await self._take(self.api.describe(titles))
            await self._take_files(files)
        else:
            now = await self.api.look_around()
            listed: set[str] = set()
            await self._take(self.api.list_all(), listed)
            if not self.is_cancelled():
                self._tell_gone(listed)
                await self._take_files([url for url in self.memory.known if _is_document(url)])
        # After an interruption it is not known which changes came in between: the next visit looks at them all.
        since = (since if is_delta else "") if self.memory.finished else now
        checkpoint = replace(self.api.place, since=since).write()
        return CrawlEnd(self.api.requests, self.left_out, self.is_cancelled(), is_delta, checkpoint)

    # --- pages ---------------------------------------------------------------------------------

    async def _take(self, batches: AsyncIterator[list[dict[str, Any]]], listed: set[str] | None = None) -> None:
        """Tell these pages, a few at a time."""
        async for pages in batches:
            wanted = [(url, page) for page in pages if self.scope.admits(url := self._address(page["fullurl"]))]
            if listed is not None:
                listed.update(url for url, _ in wanted)
            open_ = [each for each in wanted if each[0] not in self.memory.finished]
            for at in range(0, len(open_), self.manners.concurrency):
                few = open_[at : at + self.manners.concurrency]
                allowed = few[: max(0, self.scope.max_pages - self.taken)]
                self.left_out += len(few) - len(allowed)
                self.taken += len(allowed)
                for page in await asyncio.gather(*(self._read(url, about) for url, about in allowed)):
                    if self.is_cancelled():
                        return
                    self.on_page(page)
                    await self._take_files(link for link in page.links if _is_document(link))

    async def _read(self, url: str, about: dict[str, Any]) -> CrawledPage:
        if about.get("missing"):
            return blank(url, PageState.GONE)
        if about.get("redirect"):
            target = about.get("target")
            page = blank(url, PageState.MOVED)
            return replace(page, canonical_url=self._address(target)) if target else replace(page, state=PageState.GONE)
        # The revision, and when anything that the page shows last changed.
        etag = f"{about['lastrevid']}.{about['touched']}"
        page = replace(blank(url, PageState.FETCHED), final_url=url, canonical_url=url, status=200, etag=etag)
        known = self.memory.known.get(url)
        if known and known.etag == etag:
            return replace(page, state=PageState.NOT_MODIFIED, links=known.links)
        try:
            answer = await self.api.ask(
                "parse", pageid=about["pageid"], prop="text", disableeditsection=1, disabletoc=1, redirects=0
            )
        except EngineUnavailable as exc:
            return replace(page, state=PageState.FAILED, status=0, note=str(exc))
        if "error" in answer:  # deleted a moment ago
            return blank(url, PageState.FAILED, "The wiki could not show it.")
        text = str(answer["parse"]["text"])
        html = await asyncio.to_thread(read_html, f"<main>{text}</main>".encode(), url, "utf-8")
        return replace(
            page,
            title=about["title"],
            language=str(about.get("pagelanguage", ""))[:2],
            markdown=html.markdown,
            links=tuple(link for link in html.links if _is_document(link) and self.scope.admits(link)),
            media_type="text/html",
            bytes_read=len(text.encode()),
        )

    async def _take_files(self, urls: Iterable[str]) -> None:
        """Tell files that pages link to, each once."""
        for url in urls:
            if url in self.memory.finished or url in self.told_files or self.is_cancelled():
                continue
            self.told_files.add(url)
            await self.api.pace.wait_for_turn()
            self.api.requests += 1
            try:
                page = await Fetcher(self.api.client, self.scope.admits).fetch(url, self.memory.known.get(url))
            except (httpx.HTTPError, Rejected) as exc:
                known = exc if isinstance(exc, Rejected) else find_refusal(exc)
                said = str(known or "The server cannot be reached.")
                page = blank(url, PageState.FAILED, said)
            except Unsuccessful as exc:
                page = exc.page
            self.on_page(page)

    def _tell_gone(self, listed: set[str]) -> None:
        """Known pages that are not on the list of all pages."""
        for url in self.memory.known.keys() - listed - self.memory.finished.keys():
            if not _is_document(url) and self.scope.admits(url) and not self.left_out:
                self.on_page(blank(url, PageState.GONE))

    def _address(self, fullurl: str) -> str:
        """A page's address at the host that was asked."""
        url = fold(fullurl) or ""
        return origin_of(self.api.place.api) + url.removeprefix(origin_of(url)) if host_of(url) else url


def _is_document(url: str) -> bool:
    return file_name_of(url).lower().endswith(_DOCUMENTS)
