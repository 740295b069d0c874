"""What each feature says, as JSON, when the host that it wants is not on the list: in its own process."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from app.egress.wall import raise_wall
from app.settings import Settings, load_settings


def settings_with(**sections: Any) -> Settings:
    return load_settings({"data_dir": Path(tempfile.gettempdir()) / "nothing-is-written", **sections})


def generator() -> None:
    from app.domain import Message, Role
    from app.engines.generators.openai_like import OpenAIGenerator

    engine = {"engine": "openai", "url": "http://generator.example/v1", "model": "m"}
    opened = OpenAIGenerator(settings_with(generator=engine).generator)
    list(opened.stream([Message(Role.USER, "Hello?")], max_tokens=4))


def offered_generator() -> None:
    """Chosen in the browser: its addresses are checked by a guard of its own as well."""
    from app.domain import Message, Role
    from app.egress.addresses import AddressGuard
    from app.engines.generators.openai_like import OpenAIGenerator

    engine = {"engine": "openai", "url": "http://offered.example/v1", "model": "m", "context_tokens": 2048}
    opened = OpenAIGenerator(settings_with(generator=engine).generator, AddressGuard(["offered.example"]))
    list(opened.stream([Message(Role.USER, "Hello?")], max_tokens=4, cancelled=Event()))


def embedder() -> None:
    from app.engines.embedders.endpoint import OpenAIEmbedder

    engine = {"engine": "openai", "url": "http://embedder.example/v1", "model": "m", "dim": 3}
    OpenAIEmbedder(settings_with(embedder=engine).embedder).embed_query("x")


def reranker() -> None:
    from app.engines.rerankers.endpoint import EndpointReranker

    engine = {"engine": "endpoint", "url": "http://reranker.example/v1", "model": "m"}
    EndpointReranker(settings_with(reranker=engine).reranker).score("x", ["y"])


def speech() -> None:
    from app.engines.speakers.endpoint import ITS_OWN, EndpointSpeaker

    engine = {"engine": "openai", "url": "http://speech.example/v1", "model": "m"}
    EndpointSpeaker(settings_with(speech=engine).speech).speak("x", voice=ITS_OWN, speed=1)


def index() -> None:
    from app.engines.vector_index.server import ServerIndex

    engine = {"engine": "server", "url": "http://index.example:6333"}
    ServerIndex(settings_with(vector_index=engine).vector_index).open(dim=3, model_id="m")


def web_search() -> None:
    from app.engines.web_search.searxng import SearxngSearch

    engine = {"engine": "searxng", "url": "http://search.example"}
    SearxngSearch(settings_with(web_search=engine).web_search, outside=True).search("x", limit=1)


def public_search() -> None:
    from app.engines.web_search.ddgs import DdgsSearch

    DdgsSearch(settings_with(web_search={"engine": "ddgs"}).web_search, outside=True).search("x", limit=1)


def page() -> None:
    from app.egress.addresses import AddressGuard
    from app.tools.web.fetch import PageFetcher

    asyncio.run(PageFetcher(AddressGuard(), "test", 5, 100).fetch("http://page.example/", may_stray=False))


def crawl(engine: str = "builtin") -> None:
    from app.domain import CrawledPage, CrawlEngine, CrawlMemory, Scope, SiteOptions
    from app.errors import EngineUnavailable
    from ingest.sources.crawl.open import open_crawler

    told: list[CrawledPage] = []
    scope = Scope(starts=("http://site.example/",), max_pages=5, max_depth=1)
    site = SiteOptions(scope, 1, obeys_robots=False, engine=CrawlEngine(engine))
    settings = settings_with(crawl={"firecrawl": {"url": "http://firecrawl.example"}})
    open_crawler(site, None, settings).crawl(
        scope, CrawlMemory(), on_page=told.append, is_cancelled=lambda: False
    )  # fmt: skip
    raise EngineUnavailable("; ".join(each.note for each in told))


def firecrawl() -> None:
    crawl("firecrawl")


def webhook() -> None:
    """Its host went off the list a moment before."""
    from types import SimpleNamespace

    from app.db.columns import utc_now
    from app.db.sealing import Seal
    from app.domain import Delivery, EventKind, Webhook
    from app.errors import EngineUnavailable
    from app.operations.webhook_delivery import send
    from app.operations.webhook_signing import SigningSecrets, make_secret

    seal, now = Seal("key"), utc_now()
    secret = SigningSecrets(make_secret()).closed(seal)
    told = Webhook("w", "W", "http://hooks.example/told", frozenset(), None, secret, True, "Ada", now)
    delivery = Delivery("d", "w", EventKind.TEST, "{}", now, 1, None, None, None, "")
    services: Any = SimpleNamespace(settings=settings_with(), seal=seal)
    raise EngineUnavailable(asyncio.run(send(told, delivery, services)).error)


FEATURES: tuple[Callable[[], None], ...] = (
    generator,
    offered_generator,
    embedder,
    reranker,
    speech,
    index,
    web_search,
    public_search,
    page,
    crawl,
    firecrawl,
    webhook,
)


def main() -> None:
    raise_wall()
    from app.egress.attempts import ATTEMPTS
    from app.errors import CloisterError

    said = {}
    for feature in FEATURES:
        try:
            feature()
            said[feature.__name__] = "(nothing)"
        except CloisterError as exc:
            said[feature.__name__] = str(exc)
    askers = set()
    while not ATTEMPTS.empty():
        if each := ATTEMPTS.get():
            askers.add(f"{each.host}: {each.asked_by}")
    print(json.dumps({"said": said, "askers": sorted(askers)}), file=sys.__stdout__)


if __name__ == "__main__":
    main()
