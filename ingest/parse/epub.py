"""EPUB books: the chapters in the order of the spine."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.html import html_markdown
from ingest.parse.media_type import MediaType
from ingest.parse.ooxml import reading
from ingest.parse.xml_parts import find_text, parse_xml, read_xml

CONTAINER: Final = "META-INF/container.xml"
NAMES: Final = {
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}
XML_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
CHAPTER_TYPES: Final = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def parse_epub(path: Path, name: str) -> ParsedDocument:
    """The chapters as Markdown, navigation left out. Chapters that the book names and does not hold give a warning."""
    with reading(name, "EPUB book"), zipfile.ZipFile(path) as package:
        place = _package_file(package, name)
        book = read_xml(package, place)
        held = set(package.namelist())
        chapters = list(_chapters(book, posixpath.dirname(place)))
        texts = [_chapter_text(package, chapter) for chapter in chapters if chapter in held]
        missing = [chapter for chapter in chapters if chapter not in held]

        def fact(element: str) -> str:
            return find_text(book, f"opf:metadata//dc:{element}", NAMES)

        return ParsedDocument(
            text="\n\n".join(text for text in texts if text),
            media_type=MediaType.EPUB,
            title=fact("title"),
            author=fact("creator"),
            language=fact("language")[:2].lower(),
            created_at=_moment(fact("date")),
            warnings=(f"{len(missing)} chapters are missing from the file.",) if missing else (),
        )


def _package_file(package: zipfile.ZipFile, name: str) -> str:
    found = read_xml(package, CONTAINER).find(".//c:rootfile", NAMES)
    if found is None or not found.get("full-path"):
        raise UnreadableDocument(f"{name} does not say where its book begins; convert it again and add the new file.")
    return str(found.get("full-path"))


def _chapters(book: Any, folder: str) -> Iterator[str]:
    """Member names in reading order; the table of contents is no chapter."""
    items = {item.get("id"): item for item in book.iterfind("opf:manifest/opf:item", NAMES)}
    for reference in book.iterfind("opf:spine/opf:itemref", NAMES):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in CHAPTER_TYPES:
            continue
        if "nav" not in (item.get("properties") or "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _chapter_text(package: zipfile.ZipFile, member: str) -> str:
    content = package.read(member)
    try:
        # To an HTML parser, a chapter in XML with an empty <title/> is all title.
        return html_markdown(etree.tostring(parse_xml(content), method="html", encoding="unicode"))
    except SyntaxError:
        return html_markdown(XML_DECLARATION.sub(b"", content))


def _moment(stated: str) -> datetime | None:
    """A date as books write it: a year, a month, a day or a moment."""
    for length, form in ((19, "%Y-%m-%dT%H:%M:%S"), (10, "%Y-%m-%d"), (7, "%Y-%m"), (4, "%Y")):
        with suppress(ValueError):
            return datetime.strptime(stated[:length], form).replace(tzinfo=UTC)
    return None
