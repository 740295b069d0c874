"""The crawler that a site's options ask for."""

import socket
from typing import assert_never

from app.domain import CrawlEngine, SignIn, SiteOptions
from app.domain.urls import hostname_of
from app.egress.addresses import AddressGuard, Resolve, resolve
from app.egress.client import Bounds, Credentials
from app.egress.refusal import raise_if_refused
from app.errors import Rejected
from app.ports import Crawler
from app.settings import Settings
from ingest.sources.crawl.builtin import BuiltinCrawler
from ingest.sources.crawl.manners import Manners


def open_crawler(site: SiteOptions, sign_in: SignIn | None, settings: Settings, resolve: Resolve = resolve) -> Crawler:
    """A crawler for one visit. Raises Rejected where the settings lack what the site asks for."""
    match site.engine:
        case CrawlEngine.BUILTIN:
            return _builtin(site, sign_in, settings, resolve)
        case CrawlEngine.FIRECRAWL:
            return _firecrawl(site, sign_in, settings)
        case _:
            assert_never(site.engine)


def _firecrawl(site: SiteOptions, sign_in: SignIn | None, settings: Settings) -> Crawler:
    # Imported here: a service without a Firecrawl server needs none of it.
    from ingest.sources.crawl.firecrawl import FirecrawlCrawler

    url = settings.crawl.firecrawl.url
    if not url:
        raise Rejected("Firecrawl is not set up; name its address in crawl.firecrawl.url.")
    if sign_in and (sign_in.headers or sign_in.form):
        raise Rejected("What signs in at a site goes to that site only: let the built-in crawler visit this one.")
    if not settings.crawl.outside:
        _require_inside(url)
    return FirecrawlCrawler(settings.crawl.firecrawl, _manners(site, settings))


def _require_inside(url: str) -> None:
    """Raises Rejected where the server is not at a private address."""
    host = hostname_of(url)
    guard = AddressGuard([host], outside=False)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as exc:
        raise_if_refused(exc)
        raise Rejected(f"The Firecrawl server {host} is not known; check crawl.firecrawl.url.") from exc
    for each in found:
        guard.check(host, str(each[4][0]))


def _manners(site: SiteOptions, settings: Settings) -> Manners:
    return Manners(
        user_agent=settings.crawl.user_agent,
        concurrency=site.concurrency,
        delay_s=site.delay_s,
        obeys_robots=site.obeys_robots,
        renders=site.renders,
        browser=settings.crawl.browser,
    )


def _builtin(site: SiteOptions, sign_in: SignIn | None, settings: Settings, resolve: Resolve) -> BuiltinCrawler:
    internal = [hostname_of(start) for start in site.scope.starts] if site.is_internal else []
    return BuiltinCrawler(
        AddressGuard(internal, outside=settings.crawl.outside),
        _manners(site, settings),
        bounds=Bounds(max_mb=settings.limits.file_mb, timeout_s=settings.crawl.timeout_s),
        credentials=Credentials.of(site.scope.starts[0], sign_in.headers) if sign_in else None,
        login=sign_in.form if sign_in else None,
        wiki=site.wiki,
        resolve=resolve,
    )
