"""An answer's Markdown as HTML in which nothing leads away or loads anything."""

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup


def render_prose(text: str) -> Markup:
    """Paragraphs, lists, tables, emphasis and code; links, pictures and HTML are shown as the text that they are."""
    return Markup(_markdown().render(text))  # noqa: S704 - the renderer escapes all that is not its own


@cache
def _markdown() -> MarkdownIt:
    plain = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    return plain.disable(["link", "image", "autolink", "html_inline", "html_block", "reference", "entity"])
