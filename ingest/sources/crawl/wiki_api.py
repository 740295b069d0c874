"""MediaWiki's own account of itself (https://www.mediawiki.org/wiki/API): its pages, and what changed lately."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from app.domain.urls import file_name_of, fold, is_same_site, origin_of
from app.egress.refusal import raise_if_refused
from app.errors import EngineUnavailable, Rejected
from ingest.parse.html import read_tree
from ingest.sources.crawl.fetch import retry_after
from ingest.sources.crawl.pace import Pace

TRIES: Final = 3
# A wiki brings pages up to date with a changed template when it finds the time: such changes are looked at once more.
_TEMPLATES_SETTLE: Final = timedelta(hours=1)
# What the API takes at once from somebody without special rights.
_TITLES: Final = 50
_TEMPLATES, _FILES = 10, 6


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
class WikiApi:
    """Asks one wiki; pages are what the API calls pages. All methods raise EngineUnavailable."""

    place: WikiPlace
    client: httpx.AsyncClient
    pace: Pace
    requests: int = 0

    async def look_around(self) -> str:
        """Note the namespaces with content; returns the wiki's clock."""
        answer = await self.ask(meta="siteinfo", siprop="general|namespaces", curtimestamp=1)
        namespaces = answer["query"]["namespaces"].values()
        self.place = replace(self.place, namespaces=tuple(each["id"] for each in namespaces if each.get("content")))
        return str(answer["curtimestamp"])

    async def list_changes(self, known: Collection[str]) -> tuple[str, list[str], list[str]]:
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
        return now, list(titles), [url for url in known if file_name_of(url) in files]

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

    async def list_all(self) -> AsyncIterator[list[dict[str, Any]]]:
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

    async def describe(self, titles: Sequence[str]) -> AsyncIterator[list[dict[str, Any]]]:
        """What these titles are now; a redirect with the page that it leads to as `target`."""
        for at in range(0, len(titles), _TITLES):
            answer = await self.ask(titles="|".join(titles[at : at + _TITLES]), prop="info", inprop="url")
            pages = answer["query"]["pages"]
            redirects = [page["title"] for page in pages if page.get("redirect")]
            if redirects:
                followed = (await self.ask(titles="|".join(redirects), redirects=1, prop="info", inprop="url"))["query"]
                url_by_title = {page["title"]: page["fullurl"] for page in followed["pages"]}
                target_by_title = {each["from"]: url_by_title.get(each["to"]) for each in followed.get("redirects", [])}
                pages = [page | {"target": target_by_title.get(page["title"])} for page in pages]
            yield pages

    async def _ask_all(self, **parameters: object) -> AsyncIterator[dict[str, Any]]:
        following: dict[str, Any] = {}
        while True:
            answer = await self.ask("query", **(parameters | following))
            yield answer
            if "continue" not in answer:
                return
            following = answer["continue"]

    async def ask(self, action: str = "query", **parameters: object) -> dict[str, Any]:
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
                raise_if_refused(exc)
                if attempt == TRIES or isinstance(exc, ValueError):
                    raise EngineUnavailable("The wiki's API does not answer; it is tried again later.") from exc
        if content.get("error", {}).get("code") == "readapidenied":
            raise EngineUnavailable("The wiki lets nobody read it who has not signed in; give this source a sign-in.")
        return content


def _moved_to(change: dict[str, Any]) -> list[str]:
    target = change.get("logparams", {}).get("target_title")
    return [target] if target else []
