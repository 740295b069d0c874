"""OpenDocument texts and presentations (.odt, .odp), straight from their XML."""

import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.domain import Page, ParsedDocument
from ingest.parse.markdown import heading, joined
from ingest.parse.media_type import MediaType
from ingest.parse.odf_blocks import BlockReader
from ingest.parse.odf_names import NAMES, tag
from ingest.parse.odf_styles import Styles
from ingest.parse.ooxml import reading
from ingest.parse.xml_parts import find_text, read_xml

SLIDE_BREAK: Final = "\n\n"
PRESENTATION_CLASS: Final = tag("presentation", "class")
NOTES: Final = tag("presentation", "notes")
SHAPES: Final = frozenset(tag("draw", shape) for shape in ("frame", "custom-shape", "rect", "ellipse", "g", "line"))
# Frames that repeat on every slide and say nothing about it.
FURNITURE: Final = frozenset({"page-number", "footer", "header", "date-time", "page"})
CENTIMETRES: Final = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72}
# Two shapes whose tops differ by less stand in one row.
ROW_HEIGHT_CM: Final = 0.6


def parse_odf_text(path: Path, name: str) -> ParsedDocument:
    """Headings, lists, tables and text boxes in order; footnotes at the end. Deleted text and comments are left out."""
    with reading(name, "OpenDocument text"), zipfile.ZipFile(path) as package:
        content = read_xml(package, "content.xml")
        reader = BlockReader(_styles(package, content))
        body = joined(reader.blocks(content.find("office:body/office:text", NAMES)))
        text = "\n\n".join(part for part in (body, "\n".join(reader.notes)) if part)
        return _document(package, MediaType.ODT, text)


def parse_odf_slides(path: Path, name: str) -> ParsedDocument:
    """One page per slide: its title as heading, its shapes from top to bottom, its notes."""
    with reading(name, "OpenDocument presentation"), zipfile.ZipFile(path) as package:
        content = read_xml(package, "content.xml")
        styles = _styles(package, content)
        slides = [
            _slide_text(BlockReader(styles), slide)
            for slide in content.iterfind("office:body/office:presentation/draw:page", NAMES)
        ]
        pages, start = [], 0
        for number, slide in enumerate(slides, start=1):
            pages.append(Page(number, start, start + len(slide)))
            start += len(slide) + len(SLIDE_BREAK)
        return _document(package, MediaType.ODP, SLIDE_BREAK.join(slides), tuple(pages))


def _styles(package: zipfile.ZipFile, content: Any) -> Styles:
    return Styles([read_xml(package, "styles.xml"), content] if "styles.xml" in package.namelist() else [content])


def _slide_text(reader: BlockReader, slide: Any) -> str:
    title, parts = "", []
    for shape in _in_reading_order(slide):
        kind = shape.get(PRESENTATION_CLASS)
        if kind in FURNITURE:
            continue
        text = joined(reader.blocks(shape))
        if kind == "title" and not title:
            title = text
        else:
            parts.append(text)
    notes = slide.find(NOTES)
    if notes is not None:
        parts += [joined(reader.blocks(shape)) for shape in notes if shape.get(PRESENTATION_CLASS) not in FURNITURE]
    return "\n\n".join(part for part in (heading(title, 1) if title else "", *parts) if part)


def _in_reading_order(slide: Any) -> list[Any]:
    """Rows from the top, each from the left."""
    shapes = [shape for shape in slide if shape.tag in SHAPES]
    return sorted(shapes, key=lambda shape: (_centimetres(shape, "y") // ROW_HEIGHT_CM, _centimetres(shape, "x")))


def _centimetres(shape: Any, side: str) -> float:
    stated = shape.get(tag("svg", side)) or ""
    try:
        return float(stated[:-2]) * CENTIMETRES.get(stated[-2:], 0.0)
    except ValueError:
        return 0.0


def _document(
    package: zipfile.ZipFile, media_type: MediaType, text: str, pages: tuple[Page, ...] = ()
) -> ParsedDocument:
    if "meta.xml" not in package.namelist():
        return ParsedDocument(text, media_type, pages=pages)
    facts = read_xml(package, "meta.xml")

    def fact(path: str) -> str:
        return find_text(facts, f"office:meta/{path}", NAMES)

    return ParsedDocument(
        text=text,
        media_type=media_type,
        title="" if fact("dc:title") == "PowerPoint Presentation" else fact("dc:title"),
        author=fact("meta:initial-creator") or fact("dc:creator"),
        language=fact("dc:language")[:2].lower(),
        created_at=_moment(fact("meta:creation-date")),
        pages=pages,
    )


def _moment(stated: str) -> datetime | None:
    """LibreOffice writes nanoseconds, which Python reads no more than six digits of."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(stated[:19])
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    return None
