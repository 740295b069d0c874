"""DuckDuckGo, asked through the package ddgs, which is not installed with Cloister.

The package brings an HTTP stack of its own, which knows nothing of `app.egress`: no address is checked, and proxies of
the environment count. So it is refused where nothing outside may be asked. Of the search engines that it knows, one is
asked (by native code, so the wall is asked first): whoever says yes to a search says it to the host that is named.
"""

import logging
from typing import Any, Final

from app.domain import WebHit, WebResults
from app.egress.wall import require_allowed
from app.errors import EngineUnavailable, Rejected, SettingsError
from app.settings import WebSearchSettings

_ENGINE: Final = "duckduckgo"
_HOST: Final = "duckduckgo.com"
# What the package says, as an error, where there are no results.
_NOTHING: Final = "No results found"
# DuckDuckGo's word for no country; it knows none for a language.
_ANYWHERE: Final = "wt-wt"


class DdgsSearch:
    """`outside`: whether anything outside may be asked. Raises SettingsError where not, or without the package."""

    def __init__(self, settings: WebSearchSettings, *, outside: bool) -> None:
        if not outside:
            raise SettingsError(
                'web_search.engine is "ddgs", which asks public search engines, and crawl.outside is off. Name your '
                'own SearXNG (web_search.engine: searxng), or set web_search.engine to "off".'
            )
        self._vendor = _load()
        self._settings = settings

    @property
    def host(self) -> str:
        """Where queries go."""
        return _HOST

    def search(self, query: str, *, limit: int, language: str = "") -> WebResults:  # noqa: ARG002
        """The first results. Raises EngineUnavailable, Rejected for a query without words."""
        if not query.strip():
            raise Rejected("The web search has no words to look for; write what you want to find.")
        require_allowed(_HOST)
        errors = self._vendor.exceptions
        try:
            client = self._vendor.DDGS(timeout=max(1, round(self._settings.timeout_s)))
            found = client.text(query.strip(), region=_ANYWHERE, max_results=limit, backend=_ENGINE)
        except errors.RatelimitException:
            raise self._unavailable("has been asked too often. Try again in a few minutes.") from None
        except errors.TimeoutException:
            raise self._unavailable(
                f"did not answer within {self._settings.timeout_s:g} s. Try again in a moment, or raise "
                "web_search.timeout_s."
            ) from None
        except errors.DDGSException as exc:
            if _NOTHING in str(exc):
                return WebResults()
            raise self._unavailable("cannot be reached. Check this machine's connection.") from None
        return WebResults(tuple(_hit(each) for each in found if str(each.get("href", "")).startswith("http"))[:limit])

    def _unavailable(self, what: str) -> EngineUnavailable:
        return EngineUnavailable(f"Nothing was searched for on the web: the search engine at {_HOST} {what}")


def _load() -> Any:
    try:
        import ddgs
        import ddgs.exceptions
    except ImportError as exc:
        raise SettingsError(
            'web_search.engine is "ddgs", and the package ddgs is not installed. Install it with '
            "“pip install 'cloister[ddgs]'”, or choose another web_search.engine."
        ) from exc
    logging.getLogger("ddgs").setLevel(logging.WARNING)  # below that it writes down what failed, query and all
    return ddgs


def _hit(result: dict[str, Any]) -> WebHit:
    url = str(result["href"])
    return WebHit(url, str(result.get("title") or url), " ".join(str(result.get("body") or "").split()))
