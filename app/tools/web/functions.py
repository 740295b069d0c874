"""Web search and single pages as functions that may be called."""

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any, ClassVar, Final

from app.domain import FunctionName, Passage, Tool, ToolResult, ToolSpec, Touch
from app.domain.urls import host_of
from app.errors import Cancelled
from app.tools.function import ToolFunction
from app.tools.summaries import count_of
from app.tools.web.access import Searched, WebAccess
from app.tools.web.fetch import check_address

_MOST_QUERY: Final = 400
_MOST_ADDRESS: Final = 2_000
_OF_SNIPPET: Final = 300
_OF_PAGE: Final = 4_000

WEB_SEARCH: Final = ToolSpec(
    name=FunctionName.WEB_SEARCH,
    tool=Tool.WEB,
    description=(
        "Search the web and read the first results. For what the person's documents do not hold, or what changes. "
        "The query is sent to a search engine: write few words, and nothing that stands in the documents."
    ),
    parameters={
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "minLength": 1,
                "maxLength": _MOST_QUERY,
                "description": "What to look for, in a few words.",
            }
        },
        "required": ["query"],
        "additionalProperties": False,
    },
    touches=frozenset({Touch.OUTSIDE}),
    sent="query",
)
OPEN_PAGE: Final = ToolSpec(
    name=FunctionName.OPEN_PAGE,
    tool=Tool.WEB,
    description="Read one page of the web whose address is known.",
    parameters={
        "type": "object",
        "properties": {
            "url": {
                "type": "string",
                "minLength": 8,
                "maxLength": _MOST_ADDRESS,
                "description": "The page's address, as https://example.org/page",
            },
            "looking_for": {
                "type": "string",
                "maxLength": _MOST_QUERY,
                "description": "What to look for in the page, in a few words. It is not sent.",
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    },
    touches=frozenset({Touch.OUTSIDE}),
    sent="url",
)


class WebSearchTool:
    """Sends a query to the search engine, and asks the servers of the first results for their pages."""

    spec: ClassVar[ToolSpec] = WEB_SEARCH

    def __init__(self, web: WebAccess) -> None:
        self._web = web

    def host_of(self, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002 - every query goes to the same place
        """Where the query goes."""
        return self._web.host

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        """Search, and read the first results. Raises EngineUnavailable, Rejected, Cancelled."""
        _check(cancelled)
        searched = await self._web.search(str(arguments["query"]).strip())
        return ToolResult(describe_search(searched, self._web.host), _list_results(searched), searched.passages)


class OpenPageTool:
    """Asks one server for one page."""

    spec: ClassVar[ToolSpec] = OPEN_PAGE

    def __init__(self, web: WebAccess) -> None:
        self._web = web

    def host_of(self, arguments: Mapping[str, Any]) -> str:
        """The page's host. Raises Rejected for what is no address of a page."""
        return host_of(check_address(_address(arguments)))

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        """Read the page. Raises EngineUnavailable, Rejected, Cancelled."""
        _check(cancelled)
        url = check_address(_address(arguments))
        passages = await self._web.open(url, str(arguments.get("looking_for") or ""))
        return ToolResult(f"Read a page of {host_of(url)}.", _text_of(passages), passages)


def build_web_tools(web: WebAccess) -> tuple[ToolFunction, ...]:
    """All that may be called of the web."""
    return WebSearchTool(web), OpenPageTool(web)


def describe_search(searched: Searched, host: str) -> str:
    """One line on what a search gave: how many results, what was read of them, what stood in the way."""
    results = searched.results
    silent = f" Engines that did not answer: {', '.join(results.silent)}." if results.silent else ""
    if not results.hits:
        return f"No results at {host}.{silent}"
    found = f"{count_of(len(results.hits), 'result')} at {host}, {count_of(searched.read, 'page')} read."
    unread = f" Of others only the summary was used: {' '.join(searched.unread)}" if searched.unread else ""
    return f"{found}{unread}{silent}"


def _list_results(searched: Searched) -> str:
    return "\n".join(
        f"{n}. {hit.title} ({hit.url}): {hit.snippet[:_OF_SNIPPET]}" for n, hit in enumerate(searched.results.hits, 1)
    )


def _text_of(passages: Sequence[Passage]) -> str:
    return "\n\n".join(passage.full_text for passage in passages)[:_OF_PAGE]


def _address(arguments: Mapping[str, Any]) -> str:
    return str(arguments["url"]).strip()


def _check(cancelled: Event) -> None:
    if cancelled.is_set():
        raise Cancelled("Stopped before anything was sent.")
