"""HTML to Markdown: the main element of a page, without navigation, scripts and hidden text.

On lxml's own tree: with BeautifulSoup and its CSS a page of 118 kB took 0.9 s, with this a thirtieth of it.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from bs4.dammit import EncodingDetector
from html_to_markdown import ConversionOptions, convert
from lxml import etree, html  # type: ignore[import-untyped]

from ingest.parse.encoding import decode

# In the order of trust.
MAIN: Final = (
    # An exported page of Confluence, and one of BookStack.
    "//*[@id='main-content' and ../../..//*[@id='title-text']]",
    "//body[contains(concat(' ', normalize-space(@class), ' '), ' export ')]"
    "//div[contains(concat(' ', normalize-space(@class), ' '), ' page-content ')]",
    "//main",
    "//*[@role='main']",
    "//article",
    "//*[@id='content']",
    "//*[@id='mw-content-text']",
    "//*[@id='main']",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' main-content ')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' content ')]",
)
NEVER: Final = etree.XPath(
    "//script | //style | //noscript | //template | //iframe | //object | //svg | //nav | //aside | //dialog"
    " | //head[../body] | //title | //input | //button | //select"
    " | //*[@hidden or @aria-hidden='true']"
    " | //*[@role='navigation' or @role='banner' or @role='contentinfo' or @role='search']"
    " | //*[contains(translate(@style, ' ', ''), 'display:none')]"
    " | //*[contains(translate(@style, ' ', ''), 'visibility:hidden')]"
    " | //a[contains(concat(' ', normalize-space(@class), ' '), ' headerlink ')]"
    " | //*[contains(concat(' ', normalize-space(@class), ' '), ' mw-editsection ')]"
    # When and by whom, below an exported page of BookStack: another text at every export.
    " | //body[contains(concat(' ', normalize-space(@class), ' '), ' export ')]"
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' entity-meta ')]"
)
# A main element with less than this part of the page's text was marked by mistake.
LEAST_MAIN_SHARE: Final = 0.25
# Sphinx, GitHub, MediaWiki, DokuWiki; highlight.js, Prism and most others.
_LANGUAGE: Final = re.compile(
    r"(?:\bhighlight-(?:source-)?|\bmw-highlight-lang-|\blanguage-|\blang-|\bbrush:\s*|^code )([\w+#.-]+)"
)
_NO_LANGUAGE: Final = frozenset({"", "default", "text", "none", "plain", "plaintext", "notranslate"})
# What libxml2 gives up on is none of ours: deeper trees only come from somebody who means harm.
_PARSER: Final = {"remove_comments": True, "remove_pis": True, "no_network": True}
OPTIONS: Final = ConversionOptions(
    heading_style="atx",
    bullets="-",
    list_indent_width=2,
    compact_tables=True,
    br_in_tables=False,
    extract_metadata=False,
    skip_images=True,
    autolinks=False,
    wrap=False,
)


def read_tree(content: str | bytes, charset: str = "") -> html.HtmlElement:
    """The tree of a page, with an <html> at its root. `charset`: what the sender said that bytes are written in.

    Raises NotTextError.
    """
    text = content if isinstance(content, str) else _decode(content, charset)
    # A stated encoding is no longer true of text.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    try:
        return html.document_fromstring(text, parser=html.HTMLParser(**_PARSER))
    except etree.ParserError:  # nothing in it but blanks and comments
        return html.document_fromstring("<html></html>")


def html_markdown(content: str | bytes) -> str:
    """A piece of HTML as Markdown."""
    return tree_markdown(read_tree(content))


def tree_markdown(tree: html.HtmlElement) -> str:
    """The main element of a page as Markdown; changes the tree."""
    for unwanted in NEVER(tree):
        if unwanted.getparent() is not None:
            unwanted.drop_tree()
    main = main_element(tree)
    for edge in list(main.iter("header", "footer")):
        # An article's own header often holds its title.
        if edge is not main and (edge.tag == "footer" or (edge.find(".//h1") is None and edge.find(".//h2") is None)):
            edge.drop_tree()
    _plain_links(main)
    for block in list(main.iter("pre")):
        _name_language(block)
    content = convert(html.tostring(main, encoding="unicode", with_tail=False), OPTIONS).content or ""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", content, flags=re.MULTILINE)).strip()


def _name_language(block: html.HtmlElement) -> None:
    """Put the words of a block of code into one <code> that names its language, as highlighters leave it in classes."""
    around = [block, *block.iter("code"), *itertools.islice(block.iterancestors("div", "figure"), 2)]
    found = next((match[1] for each in around if (match := _LANGUAGE.search(each.get("class") or ""))), "")
    words = "".join(block.itertext())
    tail = block.tail
    block.clear()
    block.tail = tail
    code = etree.SubElement(block, "code")
    code.text = words
    if found.lower() not in _NO_LANGUAGE:
        code.set("class", f"language-{found.lower()}")


def text_of(element: Any) -> str:
    """The words of an element, with one blank between them."""
    return " ".join("".join(element.itertext()).split())


def _decode(content: bytes, charset: str) -> str:
    stated = EncodingDetector.find_declared_encoding(content, is_html=True, search_entire_document=False)
    return decode(content, charset or stated or "")


def main_element(tree: html.HtmlElement) -> html.HtmlElement:
    body = tree.find("body")
    body = tree if body is None else body
    least = _length(body) * LEAST_MAIN_SHARE
    for found in _marked(tree):
        if _length(found) >= least:
            return found
    return body


def _marked(tree: html.HtmlElement) -> Iterator[html.HtmlElement]:
    for path in MAIN:
        found = tree.xpath(path)
        if len(found) == 1:
            yield found[0]


def _length(element: html.HtmlElement) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _plain_links(main: html.HtmlElement) -> None:
    """Links inside the site become their words; addresses elsewhere are information and stay."""
    for link in list(main.iter("a")):
        address = str(link.get("href") or "")
        if link is not main and (
            not address.startswith(("http://", "https://", "mailto:")) or address in "".join(link.itertext())
        ):
            link.drop_tag()
        else:
            link.attrib.pop("title", None)  # what a mouse shows is no part of the text
