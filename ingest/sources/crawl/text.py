"""A page as a document: its Markdown as a file, what counts as its text, and how that changed."""

import difflib
import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from app.db.ids import text_hash
from app.domain import CrawledPage

MARKDOWN: Final = ".md"
LONGEST_NAME: Final = 200
LONGEST_DIFF: Final = 200_000
_TARGET: Final = re.compile(r"(?<=\])\((?:[^()\n]|\([^()\n]*\))*\)")


def page_file(page: CrawledPage) -> bytes:
    """The file that a page becomes: its Markdown, below its title if it does not begin with a heading."""
    has_heading = re.match(r"\s*#", page.markdown)
    heading = "" if has_heading or not page.title else f"# {page.title}\n\n"
    return f"{heading}{page.markdown.strip()}\n".encode()


def page_name(page: CrawledPage) -> tuple[str, str]:
    """(name, suffix) of the document: the title of a page, the file's name of what is no page."""
    last = unquote(PurePosixPath(urlsplit(page.url).path).name)
    if page.content:
        return _printable(last) or _host(page), ""
    return _printable(page.title) or _printable(last) or _host(page), MARKDOWN


def hash_words(markdown: str) -> str:
    """Equal for texts with the same words and marks: targets of links and blanks do not count."""
    return text_hash(" ".join(_TARGET.sub("", markdown).split()))


def unified_diff(before: str, after: str) -> str:
    """How a text changed, line by line with three lines around; cut where it is very long."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=3)
    diff = "\n".join(lines)
    return diff if len(diff) <= LONGEST_DIFF else f"{diff[:LONGEST_DIFF]}\n… the rest was left out.\n"


def _host(page: CrawledPage) -> str:
    return urlsplit(page.url).netloc


def _printable(name: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in name).split())[:LONGEST_NAME]
