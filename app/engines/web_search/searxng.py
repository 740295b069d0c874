"""A SearXNG server of one's own, asked through its JSON format."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urldefrag

import httpx

from app.domain import WebHit, WebResults
from app.domain.urls import host_of, hostname_of
from app.egress.addresses import AddressGuard
from app.egress.client import MIB
from app.egress.refusal import raise_if_refused
from app.engines.endpoint import check_address, open_client
from app.errors import EngineUnavailable, Rejected
from app.settings import WebSearchSettings

_MOST_BYTES: Final = 4 * MIB
_LONGEST_NAME: Final = 40
_MOST_NAMES: Final = 6


class SearxngSearch:
    """Asks `web_search.url` and nobody else: the host may be inside, redirects are not followed, proxies of the
    environment are ignored. `outside`: whether the server may stand at a public address.
    """

    def __init__(self, settings: WebSearchSettings, *, outside: bool) -> None:
        self._settings = settings
        self._url = check_address(
            settings.url,
            "web_search",
            example="http://127.0.0.1:8888",
            path="/search",
            without_password="let the server take this machine without one",  # noqa: S106 - a sentence
        )
        guard = AddressGuard([hostname_of(self._url)], outside=outside)
        self._client = open_client(timeout_s=settings.timeout_s, guard=guard)
        self._client.headers["Accept"] = "application/json"

    @property
    def host(self) -> str:
        """Where queries go."""
        return host_of(self._url)

    def search(self, query: str, *, limit: int, language: str = "") -> WebResults:
        """The first results. Raises EngineUnavailable, Rejected for a query without words."""
        if not query.strip():
            raise Rejected("The web search has no words to look for; write what you want to find.")
        wanted = {"q": query.strip(), "format": "json", **({"language": language} if language else {})}
        found = self._ask(wanted)
        return WebResults(tuple(_hits(found.get("results")))[:limit], tuple(_names(found.get("unresponsive_engines"))))

    def _ask(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        # Not chained: what the library says repeats the query, and tracebacks reach the logs.
        try:
            with self._client.stream("GET", f"{self._url}/search", params=wanted) as answer:
                if not answer.is_success:
                    raise self._refused(answer.status_code)
                content = self._read(answer)
                is_html = "html" in answer.headers.get("content-type", "")
        except httpx.TimeoutException:
            raise self._too_slow() from None
        except httpx.HTTPError as exc:
            raise_if_refused(exc)
            raise self._unavailable("cannot be reached. Start it, or correct web_search.url.") from None
        return self._parse(content, is_html=is_html)

    def _read(self, answer: httpx.Response) -> bytes:
        """The answer's bytes, within the time and the size that it may have: the client's own time starts anew with
        each part that comes."""
        give_up_at = time.monotonic() + self._settings.timeout_s
        content = b""
        for piece in answer.iter_bytes():
            content += piece
            if time.monotonic() > give_up_at:
                raise self._too_slow()
            if len(content) > _MOST_BYTES:
                raise self._unavailable(f"sent more than {_MOST_BYTES // MIB} MiB. Check web_search.url.")
        return content

    def _parse(self, content: bytes, *, is_html: bool) -> dict[str, Any]:
        if is_html or content.lstrip()[:1] == b"<":
            raise self._unavailable(
                "answered with a web page instead of JSON. Switch the JSON format on in its settings.yml "
                "(search.formats: [html, json]) and start it again."
            )
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("results"), list):
            raise self._unavailable("did not answer as SearXNG does. Check that web_search.url leads to one.")
        return found

    def _refused(self, status: int) -> EngineUnavailable:
        match status:
            case 403:
                advice = (
                    "does not give JSON (403). Switch the JSON format on in its settings.yml (search.formats: [html, "
                    "json]) and start it again; if it is on, its limiter keeps this machine out."
                )
            case 429:
                advice = (
                    "has been asked too often (429). Try again in a few minutes, or let its limiter pass this machine."
                )
            case _ if 300 <= status < 400:
                advice = "sends elsewhere, which is not followed. Put the final address in web_search.url."
            case _ if status >= 500:
                advice = f"failed ({status}). Try again in a moment; if it stays so, look at its log."
            case _:
                advice = f"refuses the search ({status}). Check that web_search.url leads to a SearXNG."
        return self._unavailable(advice)

    def _too_slow(self) -> EngineUnavailable:
        return self._unavailable(
            f"did not answer within {self._settings.timeout_s:g} s. Try again in a moment, or raise "
            "web_search.timeout_s."
        )

    def _unavailable(self, what: str) -> EngineUnavailable:
        return EngineUnavailable(f"Nothing was searched for on the web: the search engine at {self.host} {what}")


def _hits(results: Any) -> Iterable[WebHit]:
    """The results that lead to a page, each once: some engines give no address and no title."""
    seen: set[str] = set()
    for each in results:
        url = each.get("url") if isinstance(each, dict) else None
        if not isinstance(url, str) or not url.startswith(("http://", "https://")) or urldefrag(url).url in seen:
            continue
        seen.add(urldefrag(url).url)
        yield WebHit(url, _line(each.get("title")) or host_of(url), _line(each.get("content")))


def _names(silent: Any) -> Iterable[str]:
    """The engines' names; SearXNG gives each with its reason."""
    for each in list(silent or ())[:_MOST_NAMES]:
        name = each[0] if isinstance(each, list) and each else each
        if isinstance(name, str):
            yield _line(name)[:_LONGEST_NAME]


def _line(text: Any) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""
