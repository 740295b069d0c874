"""From the lines of pages, however they were read, to a document's text with positions."""

from ingest.parse.layout.compose import compose
from ingest.parse.layout.lines import PageLine, PageLines

__all__ = ["PageLine", "PageLines", "compose"]
