"""The hosts that the settings name: what the service is meant to connect to."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from app.egress.allow_list import Allowed, AllowList
from app.egress.wall import raise_wall
from app.settings.sections import ANY_ADDRESS, LOOPBACK
from app.settings.tree import Settings


def open_allow_list(settings: Settings) -> AllowList:
    """The list with what the settings name. Where `egress.enforce` is on, this process is held to it from here on."""
    allowed = raise_wall().allowed if settings.egress.enforce else AllowList()
    allowed.put("settings", list_named_hosts(settings))
    return allowed


def list_named_hosts(settings: Settings) -> list[Allowed]:
    """Each with the setting that names it, in the order of configs/default.yaml, then those of `egress.allow`.

    Only engines that are switched on count: an address that nobody asks need not be open.
    """
    named = [Allowed(host, key) for key, host in _named(settings) if host]
    return [*named, *(Allowed(target, "egress.allow") for target in settings.egress.allow)]


def host_in(url: str) -> str:
    """The host of an address; "" for what has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _named(settings: Settings) -> Iterator[tuple[str, str]]:
    # The command line asks the service there.
    yield "server.host", "" if settings.server.host in ANY_ADDRESS | LOOPBACK else settings.server.host
    yield "server.traces_url", host_in(settings.server.traces_url)
    yield "database.url", host_in(settings.database.url) or _host_parameter(settings.database.url)
    if settings.single_sign_on.engine == "oidc":
        yield "single_sign_on.url", host_in(settings.single_sign_on.url)
    if settings.embedder.engine == "openai":
        yield "embedder.url", host_in(settings.embedder.url)
    if settings.vector_index.engine == "server":
        yield "vector_index.url", host_in(settings.vector_index.url)
    if settings.generator.engine == "openai":
        yield "generator.url", host_in(settings.generator.url)
    if settings.reranker.engine == "endpoint":
        yield "reranker.url", host_in(settings.reranker.url)
    if settings.web_search.engine == "searxng":
        yield "web_search.url", host_in(settings.web_search.url)
    if settings.speech.engine == "openai":
        yield "speech.url", host_in(settings.speech.url)
    yield "crawl.firecrawl.url", host_in(settings.crawl.firecrawl.url)


def _host_parameter(url: str) -> str:
    """`?host=` of a database's address, unless it is the folder of a Unix socket."""
    host = parse_qs(urlsplit(url).query).get("host", [""])[0]
    return "" if host.startswith("/") else host
