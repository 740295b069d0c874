"""Sitemaps (sitemaps.org): the addresses that a site names itself, and when each last changed."""

import zlib
from typing import Final

import httpx
from lxml import etree  # type: ignore[import-untyped]

from app.domain.urls import fold
from app.errors import Rejected

# What the protocol allows in one file, and more files than any honest index names.
MOST_ADDRESSES: Final = 50_000
MOST_FILES: Final = 200
_MOST_BYTES: Final = 50 << 20
_GZIP: Final = b"\x1f\x8b"


async def read_sitemaps(client: httpx.AsyncClient, addresses: tuple[str, ...], host: str) -> tuple[dict[str, str], int]:
    """(lastmod by folded address, requests). Sitemaps of sitemaps are followed, on this host only.

    What cannot be read counts as empty: a sitemap adds addresses, and links lead to the rest.
    """
    lastmod_by_url: dict[str, str] = {}
    waiting, seen = list(addresses), set(addresses)
    requests = 0
    while waiting and requests < MOST_FILES:
        requests += 1
        urls, more = _parse(await _get(client, waiting.pop(0)))
        lastmod_by_url.update(urls)
        inner = [each for each in more if each not in seen and httpx.URL(each).netloc.decode() == host]
        seen.update(inner)
        waiting += inner
    return lastmod_by_url, requests


async def _get(client: httpx.AsyncClient, address: str) -> bytes:
    try:
        answer = await client.get(address, follow_redirects=True)
    except (Rejected, httpx.HTTPError):
        return b""
    if not answer.is_success:
        return b""
    if not answer.content.startswith(_GZIP):
        return answer.content
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(answer.content, _MOST_BYTES)
    except zlib.error:
        return b""


def _parse(content: bytes) -> tuple[dict[str, str], list[str]]:
    """Addresses of pages with their dates, and addresses of further sitemaps."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser) if content.strip() else None
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        return {}, []
    found: dict[str, str] = {}
    for entry in root.iterfind("{*}url"):
        url = fold(_text(entry, "loc"))
        if url and len(found) < MOST_ADDRESSES:
            found[url] = _text(entry, "lastmod")
    more = [fold(_text(entry, "loc")) for entry in root.iterfind("{*}sitemap")]
    return found, [each for each in more if each]


def _text(entry: etree._Element, name: str) -> str:
    return (entry.findtext(f"{{*}}{name}") or "").strip()
