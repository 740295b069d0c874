"""Ask for one address, and say what became of it."""

import asyncio
import email.utils
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import httpx

from app.domain import CrawledPage, KnownPage, PageState
from app.domain.urls import fold
from ingest.parse.encoding import NotTextError
from ingest.sources.crawl.page import HtmlPage, read_html
from ingest.sources.crawl.render import Renderer

HTML: Final = frozenset({"text/html", "application/xhtml+xml", ""})
GONE: Final = frozenset({404, 410})
CLOSED: Final = frozenset({401, 403, 407, 451})
BUSY: Final = frozenset({429, 503})
NO_TEXT: Final = re.compile(
    r"(?:image|audio|video|font)/|text/css|(?:text|application)/(?:x-)?javascript"
    r"|application/(?:zip|gzip|x-(?:tar|gzip|bzip2?|xz|7z-compressed|rar-compressed|msdownload|debian-package)|wasm)"
)
NEEDS_SCRIPT: Final = "It shows nothing without JavaScript; let this source open its pages in a browser (renders)."
# A server that asks for more is tried again at the next crawl.
LONGEST_WAIT_S: Final = 120.0


class Unsuccessful(Exception):
    """An answer that may be better at the next try, after `wait_s`."""

    def __init__(self, page: CrawledPage, wait_s: float = 0.0) -> None:
        super().__init__(page.status)
        self.page, self.wait_s = page, wait_s


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks through a client that follows no redirects: where they lead is for the crawl to decide."""

    client: httpx.AsyncClient
    admits: Callable[[str], bool]
    renderer: Renderer | None = None

    async def fetch(self, url: str, known: KnownPage | None) -> CrawledPage:
        """What became of the address. A redirect is MOVED, with its target as the only link.

        With a renderer, pages are what a browser makes of them, and always sent anew: what a script shows may change
        while the page that loads it does not.

        Raises Rejected; httpx.HTTPError and Unsuccessful for what is worth another try.
        """
        conditions = {} if self.renderer else _conditions(known)
        request = self.client.build_request("GET", url, headers=conditions)
        answer = await self.client.send(request, stream=True)
        try:
            page = replace(
                blank(url, PageState.FETCHED),
                final_url=url,
                canonical_url=url,
                status=answer.status_code,
                etag=answer.headers.get("etag", ""),
                last_modified=answer.headers.get("last-modified", ""),
                media_type=answer.headers.get("content-type", "").partition(";")[0].strip().lower(),
            )
            if answer.status_code == 304 and known:
                return _as_known(page, known)
            if early := _without_body(page, answer):
                return early
            content = await answer.aread()
        finally:
            await answer.aclose()
        page = replace(page, bytes_read=len(content))
        if page.media_type not in HTML:
            return replace(page, content=content)
        charset = answer.charset_encoding or ""
        if self.renderer:
            content, charset = (await self.renderer.render(url)).encode(), "utf-8"
        try:
            html = await asyncio.to_thread(read_html, content, url, charset)
        except NotTextError:
            return replace(page, state=PageState.FAILED, note="It says that it is HTML and is no text.")
        return with_html(page, html, self.admits)


def with_html(page: CrawledPage, html: HtmlPage, admits: Callable[[str], bool]) -> CrawledPage:
    """A page with what its HTML says, or what that says of the page: that it is none, or not for us."""
    page = replace(
        page,
        canonical_url=html.canonical if html.canonical and admits(html.canonical) else page.url,
        title=html.title,
        language=html.language,
        markdown=html.markdown,
        links=tuple(link for link in html.links if admits(link)),
    )
    if html.is_missing:
        return replace(page, state=PageState.GONE, markdown="", links=())
    if html.needs_script:
        return replace(page, state=PageState.FAILED, note=NEEDS_SCRIPT)
    if html.is_door:
        return replace(page, state=PageState.REFUSED, markdown="", note="It asks to sign in.")
    return page


def blank(url: str, state: PageState, note: str = "") -> CrawledPage:
    """An address of which no more is known."""
    return CrawledPage(url, state, datetime.now(UTC), note=note)


def _as_known(page: CrawledPage, known: KnownPage) -> CrawledPage:
    """A page that is as it was; the server need not name its validators again."""
    return replace(
        page,
        state=PageState.NOT_MODIFIED,
        canonical_url=known.copy_of or page.url,
        links=known.links,
        etag=page.etag or known.etag,
        last_modified=page.last_modified or known.last_modified,
    )


def _without_body(page: CrawledPage, answer: httpx.Response) -> CrawledPage | None:
    """What the head of an answer says already; None where the body matters. Raises Unsuccessful."""
    status = answer.status_code
    if answer.is_redirect:
        target = fold(answer.headers["location"], page.url)
        if target is None or target == page.url:
            return replace(page, state=PageState.FAILED, note="It is redirected to what is no page.")
        return replace(page, state=PageState.MOVED, final_url=target, canonical_url=target, links=(target,))
    if status in GONE:
        return replace(page, state=PageState.GONE)
    if status in CLOSED:
        return replace(page, state=PageState.REFUSED, note=f"The server refuses it ({status}).")
    if not answer.is_success:
        failed = replace(page, state=PageState.FAILED, note=f"The server says {status}.")
        raise Unsuccessful(failed, retry_after(answer) if status in BUSY else 0.0)
    if NO_TEXT.match(page.media_type):
        return replace(page, state=PageState.LEFT_OUT, note=f"It is {page.media_type}, which holds no text.")
    return None


def retry_after(answer: httpx.Response) -> float:
    """Seconds that the server asks to wait (RFC 9110, section 10.2.3), 0 where it names none."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return min(float(said), LONGEST_WAIT_S)
    try:
        moment = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), LONGEST_WAIT_S)


def _conditions(known: KnownPage | None) -> dict[str, str]:
    """Headers that spare the server an answer that we have (RFC 9110, section 13)."""
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}
