"""MediaWiki by its own account (https://www.mediawiki.org/wiki/API): all pages once, then only what changed.

An idle visit asks for the recent changes and no more. Pages come from the parser, without what surrounds them; a change
of a template is a change of every page that shows it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from app.domain import CrawledPage, CrawlEnd, CrawlMemory, PageState, Scope
from app.domain.urls import file_name_of, fold, host_of, is_same_site, origin_of
from app.errors import EngineUnavailable, Rejected
from ingest.parse.html import read_tree
from ingest.sources.crawl.fetch import Fetcher, Unsuccessful, blank, retry_after
from ingest.sources.crawl.manners import Manners
from ingest.sources.crawl.pace import Pace
from ingest.sources.crawl.page import read_html
from ingest.sources.crawl.robots import Robots

TRIES: Final = 3
# Wikis forget their recent changes, after 90 days where nobody says otherwise.
LONGEST_DELTA: Final = timedelta(days=30)
# A wiki brings pages up to date with a changed template when it finds the time: such changes are looked at once more.
_TEMPLATES_SETTLE: Final = timedelta(hours=1)
# What the API takes at once from somebody without special rights.
_TITLES: Final = 50
_TEMPLATES, _FILES = 10, 6
_DOCUMENTS: Final = (".pdf", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".csv", ".doc", ".xls", ".ppt", ".rtf")


@dataclass(frozen=True, slots=True)
class WikiPlace:
    """Where a wiki's API is, which namespaces hold its content, and up to when (ISO 8601) its changes are known."""

    api: str
    namespaces: tuple[int, ...] = ()
    since: str = ""

    @classmethod
    def read(cls, checkpoint: str) -> "WikiPlace | None":
        """From an earlier crawl's checkpoint; None where that was of no MediaWiki."""
        if not checkpoint.startswith("{"):
            return None
        kept = json.loads(checkpoint)
        return cls(kept["api"], tuple(kept["namespaces"]), kept["since"])

    def write(self) -> str:
        """The checkpoint."""
        return json.dumps(asdict(self))


async def find_wiki(client: httpx.AsyncClient, start: str) -> WikiPlace | None:
    """The wiki that answers at an address; None for any other site, and where nothing answers."""
    try:
        answer = await client.get(start, follow_redirects=True)
        tree = read_tree(answer.content, answer.charset_encoding or "")
    except (httpx.HTTPError, Rejected, ValueError):
        return None
    found = next(iter(tree.xpath("//link[@rel='EditURI']/@href")), "")
    api = fold(str(found).partition("?")[0], str(answer.url)) if found else None
    landed = fold(str(answer.url)) or start
    if api is None or not is_same_site(start, landed):
        return None
    # Behind a proxy a wiki may call itself by a name that is not the one that was asked for.
    return WikiPlace(origin_of(landed) + api.removeprefix(origin_of(api)))


@dataclass(slots=True)
class WikiVisit:
    """One visit under way, in one event loop."""

    place: WikiPlace
    scope: Scope
    memory: CrawlMemory
    manners: Manners
    robots: Robots
    client: httpx.AsyncClient
    on_page: Callable[[CrawledPage], None]
    is_cancelled: Callable[[], bool]
    pace: Pace
    requests: int = 0
    taken: int = 0
    left_out: int = 0
    told_files: set[str] = field(default_factory=set)

    @property
    def may_ask(self) -> bool:
        """Whether robots.txt lets us use the API."""
        return not self.manners.obeys_robots or self.robots.allows(self.place.api)

    async def run(self) -> CrawlEnd:
        """Tell what changed since the checkpoint, or everything. Raises EngineUnavailable."""
        since = self.place.since
        is_delta = bool(since) and datetime.now(UTC) - datetime.fromisoformat(since) < LONGEST_DELTA
        if is_delta:
            now, titles, files = await self._list_changes()
            await self._take(self._describe(titles))
            await self._take_files(files)
        else:
            now = await self._look_around()
            listed: set[str] = set()
            await self._take(self._list_all(), listed)
            if not self.is_cancelled():
                self._tell_gone(listed)
                await self._take_files([url for url in self.memory.known if _is_document(url)])
        # After an interruption it is not known which changes came in between: the next visit looks at them all.
        since = (since if is_delta else "") if self.memory.finished else now
        checkpoint = replace(self.place, since=since).write()
        return CrawlEnd(self.requests, self.left_out, self.is_cancelled(), is_delta, checkpoint)

    # --- what the API says ---------------------------------------------------------------------

    async def _look_around(self) -> str:
        """Note the namespaces with content; returns the wiki's clock."""
        answer = await self._ask(meta="siteinfo", siprop="general|namespaces", curtimestamp=1)
        namespaces = answer["query"]["namespaces"].values()
        self.place = replace(self.place, namespaces=tuple(each["id"] for each in namespaces if each.get("content")))
        return str(answer["curtimestamp"])

    async def _list_changes(self) -> tuple[str, list[str], list[str]]:
        """The wiki's clock, the titles that changed since the checkpoint, and known files that did."""
        since = datetime.fromisoformat(self.place.since)
        namespaces = "|".join(map(str, (*self.place.namespaces, _TEMPLATES, _FILES)))
        now, titles, templates, files = "", dict[str, None](), list[str](), set[str]()
        async for answer in self._ask_all(
            list="recentchanges",
            rcprop="title|loginfo|timestamp",
            rctype="edit|new|log",
            rcnamespace=namespaces,
            rcend=(since - _TEMPLATES_SETTLE).strftime("%Y-%m-%dT%H:%M:%SZ"),
            rclimit="max",
            curtimestamp=1,
        ):
            now = now or str(answer["curtimestamp"])
            for change in answer["query"]["recentchanges"]:
                names = [change["title"], *_moved_to(change)]
                if change["ns"] == _TEMPLATES:
                    templates += names
                elif datetime.fromisoformat(change["timestamp"]) < since:
                    continue
                elif change["ns"] == _FILES:
                    files.update(name.partition(":")[2].replace(" ", "_") for name in names)
                else:
                    titles |= dict.fromkeys(names)
        for template in dict.fromkeys(templates):
            titles |= dict.fromkeys(await self._list_showing(template))
        return now, list(titles), [url for url in self.memory.known if file_name_of(url) in files]

    async def _list_showing(self, template: str) -> list[str]:
        """The pages that show a template."""
        namespaces = "|".join(map(str, self.place.namespaces))
        return [
            page["title"]
            async for answer in self._ask_all(
                list="embeddedin", eititle=template, einamespace=namespaces, eilimit="max"
            )
            for page in answer["query"]["embeddedin"]
        ]

    async def _list_all(self) -> AsyncIterator[list[dict[str, Any]]]:
        for namespace in self.place.namespaces:
            async for answer in self._ask_all(
                generator="allpages",
                gapnamespace=namespace,
                gapfilterredir="nonredirects",
                gaplimit="max",
                prop="info",
                inprop="url",
            ):
                yield answer.get("query", {}).get("pages", [])

    async def _describe(self, titles: Sequence[str]) -> AsyncIterator[list[dict[str, Any]]]:
        """What these titles are now; a redirect with the page that it leads to as `target`."""
        for at in range(0, len(titles), _TITLES):
            answer = await self._ask(titles="|".join(titles[at : at + _TITLES]), prop="info", inprop="url")
            pages = answer["query"]["pages"]
            redirects = [page["title"] for page in pages if page.get("redirect")]
            if redirects:
                followed = (await self._ask(titles="|".join(redirects), redirects=1, prop="info", inprop="url"))[
                    "query"
                ]
                url_by_title = {page["title"]: page["fullurl"] for page in followed["pages"]}
                target_by_title = {each["from"]: url_by_title.get(each["to"]) for each in followed.get("redirects", [])}
                pages = [page | {"target": target_by_title.get(page["title"])} for page in pages]
            yield pages

    async def _ask_all(self, **parameters: object) -> AsyncIterator[dict[str, Any]]:
        following: dict[str, Any] = {}
        while True:
            answer = await self._ask("query", **(parameters | following))
            yield answer
            if "continue" not in answer:
                return
            following = answer["continue"]

    async def _ask(self, action: str = "query", **parameters: object) -> dict[str, Any]:
        """One answer of the API. Raises EngineUnavailable."""
        said = {name: str(value) for name, value in parameters.items()}
        for attempt in range(1, TRIES + 1):
            await self.pace.wait_for_turn()
            self.requests += 1
            try:
                answer = await self.client.get(
                    self.place.api, params={"action": action, "format": "json", "formatversion": "2"} | said
                )
                if answer.status_code in (429, 500, 502, 503, 504) and attempt < TRIES:
                    self.pace.pause(retry_after(answer))
                    continue
                answer.raise_for_status()
                content: dict[str, Any] = answer.json()
                break
            except (httpx.HTTPError, ValueError) as exc:
                if attempt == TRIES or isinstance(exc, ValueError):
                    raise EngineUnavailable("The wiki's API does not answer; it is tried again later.") from exc
        if content.get("error", {}).get("code") == "readapidenied":
            raise EngineUnavailable("The wiki lets nobody read it who has not signed in; give this source a sign-in.")
        return content

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
            answer = await self._ask(
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
            await self.pace.wait_for_turn()
            self.requests += 1
            try:
                page = await Fetcher(self.client, self.scope.admits).fetch(url, self.memory.known.get(url))
            except (httpx.HTTPError, Rejected) as exc:
                said = str(exc) if isinstance(exc, Rejected) else "The server cannot be reached."
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
        return origin_of(self.place.api) + url.removeprefix(origin_of(url)) if host_of(url) else url


def _moved_to(change: dict[str, Any]) -> list[str]:
    target = change.get("logparams", {}).get("target_title")
    return [target] if target else []


def _is_document(url: str) -> bool:
    return file_name_of(url).lower().endswith(_DOCUMENTS)
