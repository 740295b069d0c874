"""Fetch one page of the web: public addresses only, in bounded time and size, as Markdown."""

import asyncio
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from app.domain.urls import host_of, is_same_site
from app.egress.addresses import AddressGuard, AddressRefused, Resolve, resolve
from app.egress.client import AnswerTooLarge, Bounds, open_client
from app.egress.refusal import raise_if_refused
from app.errors import CloisterError, EngineUnavailable, Rejected
from ingest.parse.encoding import NotTextError, decode
from ingest.sources.crawl.page import HtmlPage, read_html

_HTML: Final = frozenset({"text/html", "application/xhtml+xml", ""})
_PLAIN: Final = frozenset({"text/plain", "text/markdown"})
_MOST_MB: Final = 5
_MOST_REDIRECTS: Final = 5
_LONGEST_ADDRESS: Final = 2_000


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page says. `url`: where it was in the end. `title` may be empty. `language`: as the page says, or ""."""

    url: str
    title: str = field(repr=False)
    text: str = field(repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True)
class PageFetcher:
    """Opens pages that a person asked for. `guard` says which addresses may be asked.

    `user_agent`: who asks. `timeout_s`: for a whole page. `characters`: what is kept of its text, at most.
    """

    guard: AddressGuard
    user_agent: str
    timeout_s: float
    characters: int
    resolve: Resolve = resolve

    async def fetch(self, url: str, *, may_stray: bool) -> WebPage:
        """The page at this address, as it is written; nothing else is sent.

        `may_stray`: whether a redirect to another host is followed. Raises Rejected, EngineUnavailable.
        """
        host = host_of(check_address(url))
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._fetch(url, may_stray=may_stray)
        except (TimeoutError, httpx.TimeoutException):
            raise EngineUnavailable(f"{host} did not answer within {self.timeout_s:g} s.") from None
        except AddressRefused:
            raise Rejected(
                f"{host} may not be asked: pages are read from public addresses, and only where crawl.outside is on."
            ) from None
        except AnswerTooLarge:
            raise Rejected(f"The page at {host} is larger than {_MOST_MB} MiB.") from None
        except httpx.TooManyRedirects:
            raise Rejected(f"{host} sends from one address to the next without an end.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise_if_refused(exc)
            # Not chained: what the library says may repeat the address, and tracebacks reach the logs.
            raise EngineUnavailable(f"{host} cannot be reached.") from None

    async def _fetch(self, url: str, *, may_stray: bool) -> WebPage:
        bounds = Bounds(max_mb=_MOST_MB, timeout_s=self.timeout_s, redirects=0)
        async with open_client(self.guard, user_agent=self.user_agent, bounds=bounds, resolve=self.resolve) as client:
            request = client.build_request("GET", url)
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await client.send(request, stream=True, follow_redirects=False)
                try:
                    if answer.next_request is None:
                        return await self._read(answer)
                finally:
                    await answer.aclose()
                request = answer.next_request
                _check_step(url, str(request.url), may_stray=may_stray)
            raise httpx.TooManyRedirects("", request=request)

    async def _read(self, answer: httpx.Response) -> WebPage:
        url = str(answer.url)
        if refused := _refusal(answer, host_of(url)):
            raise refused
        content = await answer.aread()
        charset = answer.charset_encoding or ""
        try:
            if _media_type(answer) in _PLAIN:
                text = await asyncio.to_thread(decode, content, charset)
                return WebPage(url, "", self._cut(text))
            page = await asyncio.to_thread(read_html, content, url, charset)
        except NotTextError:
            raise Rejected(f"What {host_of(url)} sent is no text.") from None
        return self._page(url, page)

    def _page(self, url: str, page: HtmlPage) -> WebPage:
        if page.is_missing or not page.markdown.strip():
            reason = "shows nothing without JavaScript" if page.needs_script else "has no text there"
            raise Rejected(f"{host_of(url)} {reason}.")
        return WebPage(url, page.title, self._cut(page.markdown), page.language)

    def _cut(self, text: str) -> str:
        """As much as is kept, to the end of a line where one is near."""
        if len(text) <= self.characters:
            return text
        kept = text[: self.characters]
        return kept[: max(kept.rfind("\n"), self.characters * 9 // 10)].rstrip()


def check_address(url: str) -> str:
    """The address. Raises Rejected for one that cannot be a page of the web."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or len(url) > _LONGEST_ADDRESS or any(letter.isspace() for letter in url):
        raise Rejected("This is no address of a web page; it begins with http:// or https:// and holds no blanks.")
    if parts.username is not None or parts.password is not None:
        raise Rejected("The address holds a name or a password, which would be sent with it; take it out.")
    return url


def _check_step(url: str, target: str, *, may_stray: bool) -> None:
    """Raises Rejected where a redirect leads to what nobody asked for."""
    if not may_stray and not is_same_site(url, check_address(target)):
        raise Rejected(
            f"The page at {host_of(url)} has moved to {host_of(target)}, which was not asked for. Ask for it there."
        )


def _refusal(answer: httpx.Response, host: str) -> CloisterError | None:
    """Why the head of an answer makes its body useless."""
    match answer.status_code:
        case 404 | 410:
            return Rejected(f"{host} has no such page ({answer.status_code}).")
        case 401 | 403 | 407 | 451:
            return Rejected(f"{host} does not show this page to everybody ({answer.status_code}).")
        case 429 | 503:
            return EngineUnavailable(f"{host} has too much to do ({answer.status_code}).")
        case _ if not answer.is_success:
            return EngineUnavailable(f"{host} answered with an error ({answer.status_code}).")
    kind = _media_type(answer)
    if kind == "application/pdf":
        return Rejected(f"{host} sent a PDF, which is not read from the web; add it to your documents instead.")
    if kind not in _HTML | _PLAIN:
        return Rejected(f"{host} sent {kind[:60]}, which is no web page.")
    return None


def _media_type(answer: httpx.Response) -> str:
    stated: str = answer.headers.get("content-type", "")
    return stated.partition(";")[0].strip().lower()
