"""HTML, Markdown and plain text."""

import re
from pathlib import Path
from typing import Final

import yaml
from bs4 import BeautifulSoup, Tag
from html_to_markdown import ConversionOptions, convert

from app.domain import ParsedDocument
from ingest.parse.encoding import decode
from ingest.parse.markdown_html import without_html
from ingest.parse.media_type import MediaType

MAIN: Final = ("main", "[role=main]", "article", "#content", "#mw-content-text", "#main", ".main-content", ".content")
NEVER: Final = (
    "script, style, noscript, template, iframe, object, svg, nav, aside, dialog, head, input, button, select,"
    "[hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo], [role=search],"
    "[style*='display:none'], [style*='display: none'], [style*='visibility:hidden'], a.headerlink, .mw-editsection"
)
# A main element with less than this part of the page's text was marked by mistake.
LEAST_MAIN_SHARE: Final = 0.25
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
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


def parse_html(path: Path) -> ParsedDocument:
    """The main element as Markdown; navigation, scripts and hidden text are left out."""
    soup = BeautifulSoup(_html(path.read_bytes()), "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    language = str(soup.html.get("lang") or "") if soup.html else ""
    text = soup_markdown(soup)
    heading = soup.find("h1")
    return ParsedDocument(
        text=text,
        media_type=MediaType.HTML,
        title=title or (heading.get_text(" ", strip=True) if heading else ""),
        language=language.split("-")[0].split("_")[0].lower()[:2],
    )


def html_markdown(html: str | bytes) -> str:
    """A piece of HTML as Markdown."""
    return soup_markdown(BeautifulSoup(html, "lxml"))


def soup_markdown(soup: BeautifulSoup) -> str:
    """The main element of a parsed page as Markdown; changes the soup."""
    for unwanted in soup.select(NEVER):
        unwanted.decompose()
    main = _main_element(soup)
    for edge in main.find_all(["header", "footer"]):
        # An article's own header often holds its title.
        if edge.name == "footer" or edge.find(["h1", "h2"]) is None:
            edge.decompose()
    _plain_links(main)
    content = convert(str(main), OPTIONS).content or ""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", content, flags=re.MULTILINE)).strip()


def _html(content: bytes) -> str | bytes:
    """BeautifulSoup reads a stated charset itself; without one we know better."""
    return content if re.search(rb"charset|encoding=", content[:4096], re.IGNORECASE) else decode(content)


def _main_element(soup: BeautifulSoup) -> Tag:
    body = soup.body or soup
    least = len(body.get_text(strip=True)) * LEAST_MAIN_SHARE
    for selector in MAIN:
        found = soup.select(selector)
        if len(found) == 1 and len(found[0].get_text(strip=True)) >= least:
            return found[0]
    return body


def _plain_links(main: Tag) -> None:
    """Links inside the site become their words; addresses elsewhere are information and stay."""
    for link in main.find_all("a"):
        address = str(link.get("href") or "")
        if not address.startswith(("http://", "https://", "mailto:")) or address in link.get_text():
            link.unwrap()


def parse_markdown(path: Path) -> ParsedDocument:
    """Markdown, with HTML inside it made Markdown too; a YAML front matter gives the title and is left out."""
    text = decode(path.read_bytes())
    found = FRONT_MATTER.match(text)
    facts = _front_matter(found.group(1)) if found else None
    if found is None or facts is None:
        return ParsedDocument(text=without_html(text, html_markdown).strip(), media_type=MediaType.MARKDOWN)
    return ParsedDocument(
        text=without_html(text[found.end() :], html_markdown).strip(),
        media_type=MediaType.MARKDOWN,
        title=str(facts.get("title") or ""),
        author=str(facts.get("author") or ""),
        language=str(facts.get("lang") or facts.get("language") or "")[:2].lower(),
    )


def _front_matter(block: str) -> dict[str, object] | None:
    """None where the dashes are a rule of the text and not a front matter."""
    try:
        facts = yaml.safe_load(block)
    except yaml.YAMLError:
        return None
    return facts if isinstance(facts, dict) else None


def parse_text(path: Path) -> ParsedDocument:
    """Plain text as it stands; form feeds part paragraphs."""
    text = decode(path.read_bytes()).replace("\f", "\n\n")
    return ParsedDocument(text=text.strip(), media_type=MediaType.TEXT)
