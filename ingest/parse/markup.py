"""HTML, Markdown and plain text."""

import re
from pathlib import Path

import yaml

from app.domain import ParsedDocument
from ingest.parse.encoding import decode
from ingest.parse.hidden import locate
from ingest.parse.html import html_markdown, read_tree, text_of, tree_markdown
from ingest.parse.html_hidden import find_hidden
from ingest.parse.markdown_html import without_html
from ingest.parse.media_type import MediaType

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def parse_html(path: Path) -> ParsedDocument:
    """The main element as Markdown; navigation, scripts and hidden text are left out."""
    tree = read_tree(path.read_bytes())
    exported = next(iter(tree.xpath("//*[@id='title-text' and //*[@id='main-content']]")), None)
    title, heading = tree.find(".//title"), tree.find(".//h1")
    named = title if title is not None and text_of(title) else heading
    name = "" if named is None else text_of(named)
    if exported is not None:  # Confluence: “Space : Title”
        name = text_of(exported).partition(" : ")[2] or text_of(exported)
    language = str(tree.get("lang") or "")
    hidden = find_hidden(tree)
    text = tree_markdown(tree)
    return ParsedDocument(
        text=text,
        media_type=MediaType.HTML,
        title=name,
        language=language.split("-")[0].split("_")[0].lower()[:2],
        hidden=locate(hidden, text),
    )


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
