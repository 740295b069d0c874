"""What an HTML page says: its text as Markdown, its links, and what it calls itself."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from app.domain.urls import fold
from ingest.parse.html import main_element, read_tree, text_of, tree_markdown

_LINKS: Final = "//a/@href | //area/@href | //iframe/@src | //frame/@src | //link[@rel='next' or @rel='prev']/@href"

# A heading that is the site's name stands beside a logo, or among what every page has.
_HEADINGS: Final = ".//h1[not(.//img or .//svg or ancestor::header or ancestor::nav)]"
# DokuWiki says so in the reader's language, and in what templates make of it: a class, or what it tells search engines.
_MISSING: Final = (
    "//meta[@name='generator' and starts-with(@content, 'DokuWiki')] and ("
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' notFound ')]"
    " or (//meta[@name='robots' and @content='noindex,follow'] and not(//link[@rel='canonical'])))"
)


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """`links`: folded, in the page's order, each once. `canonical`: empty where the page names none on its own host.

    `is_door`: it asks for a password, which a page of a site seldom does. `is_missing`: a wiki shows that it has no
    such page, though the server says 200. `needs_script`: it says nothing and has programs that may.
    """

    title: str
    language: str
    markdown: str
    links: tuple[str, ...]
    canonical: str
    is_door: bool
    is_missing: bool
    needs_script: bool


def read_html(content: bytes, url: str, charset: str = "") -> HtmlPage:
    """Read a page that came from this address. `charset`: what the server said it is written in."""
    tree = read_tree(content, charset)
    base = tree.find(".//base[@href]")
    base_url = url if base is None else fold(base.get("href"), url) or url
    links = tuple(dict.fromkeys(link for each in tree.xpath(_LINKS) if (link := fold(str(each), base_url))))
    canonical = next(iter(tree.xpath("//link[@rel='canonical']/@href")), "")
    has_script = bool(tree.xpath("//script[@src or normalize-space()]"))
    is_missing = bool(tree.xpath(_MISSING))
    is_door = bool(tree.xpath("//input[@type='password']"))
    title = tree.find(".//title")
    heading = next(iter([*main_element(tree).xpath(_HEADINGS), *tree.xpath(_HEADINGS)]), None)
    for link in tree.iter("a"):
        target = link.get("href", "")
        # Where a link leads is part of what the page says; inside the page it leads nowhere else.
        if not target.startswith("#") and fold(target, base_url):
            link.set("href", urljoin(base_url, target.strip()))
    language = str(tree.get("lang") or "")
    markdown = tree_markdown(tree)  # drops the marks beside headings, which are no part of the title
    named = title if heading is None or not text_of(heading) else heading
    return HtmlPage(
        title="" if named is None else text_of(named),
        language=language.split("-")[0].split("_")[0].lower()[:2],
        markdown=markdown,
        links=links,
        canonical=(fold(str(canonical), base_url) or "") if canonical else "",
        is_door=is_door,
        is_missing=is_missing,
        needs_script=has_script and not markdown.strip(),
    )
