"""The crawler that a site's options ask for."""

from typing import assert_never

from app.domain import CrawlEngine, SignIn, SiteOptions, WikiKind
from app.domain.urls import hostname_of
from app.egress.addresses import AddressGuard, Resolve, resolve
from app.egress.client import Bounds, Credentials
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
            raise Rejected("Firecrawl is not set up; name its address in crawl.firecrawl.url.")
        case _:
            assert_never(site.engine)


def _builtin(site: SiteOptions, sign_in: SignIn | None, settings: Settings, resolve: Resolve) -> BuiltinCrawler:
    internal = [hostname_of(start) for start in site.scope.starts] if site.is_internal else []
    return BuiltinCrawler(
        AddressGuard(internal, outside=settings.crawl.outside),
        Manners(
            user_agent=settings.crawl.user_agent,
            concurrency=site.concurrency,
            delay_s=site.delay_s,
            obeys_robots=site.obeys_robots,
        ),
        bounds=Bounds(max_mb=settings.limits.file_mb, timeout_s=settings.crawl.timeout_s),
        credentials=Credentials.of(site.scope.starts[0], sign_in.headers) if sign_in else None,
        login=sign_in.form if sign_in else None,
        looks_for_wikis=site.wiki is not WikiKind.PLAIN,
        resolve=resolve,
    )
