"""PowerPoint presentations (.pptx): one page per slide."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from pptx import Presentation
from pptx.util import Pt

from app.domain import Page, ParsedDocument
from ingest.parse.charts import chart_text
from ingest.parse.detect import MediaType
from ingest.parse.markdown import heading, table
from ingest.parse.ooxml import reading, transitional

A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SLIDE_BREAK: Final = "\n\n"
# Two shapes whose tops differ by less stand in one row.
ROW_HEIGHT: Final = Pt(18)


def parse_slides(path: Path, name: str) -> ParsedDocument:
    """Each slide: its title as heading, its shapes from top to bottom, its notes. Tables and charts become tables."""
    with reading(name, "presentation"):
        presentation = Presentation(transitional(path))
        width, height = ((size or 0) / Pt(1) for size in (presentation.slide_width, presentation.slide_height))
        text, pages = _pages([_slide_text(slide) for slide in presentation.slides], width, height)
        facts = presentation.core_properties
        return ParsedDocument(
            text=text,
            media_type=MediaType.PPTX,
            title="" if facts.title == "PowerPoint Presentation" else facts.title or "",
            author=facts.author or "",
            created_at=facts.created.replace(tzinfo=facts.created.tzinfo or UTC) if facts.created else None,
            pages=pages,
        )


def _pages(slides: list[str], width: float, height: float) -> tuple[str, tuple[Page, ...]]:
    pages, start = [], 0
    for number, text in enumerate(slides, start=1):
        pages.append(Page(number, start, start + len(text), width, height))
        start += len(text) + len(SLIDE_BREAK)
    return SLIDE_BREAK.join(slides), tuple(pages)


def _slide_text(slide: Any) -> str:
    title = slide.shapes.title
    parts = [heading(title.text_frame.text, 1)] if title is not None and title.text_frame.text.strip() else []
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            parts.extend(_shape_text(shape))
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        parts.append(_frame_text(slide.notes_slide.notes_text_frame))
    return "\n\n".join(part for part in parts if part)


def _in_reading_order(shapes: Any) -> list[Any]:
    """Rows from the top, each from the left; a placeholder without a position of its own comes first."""
    return sorted(shapes, key=lambda shape: ((shape.top or 0) // ROW_HEIGHT, shape.left or 0))


def _shape_text(shape: Any) -> Iterator[str]:
    if hasattr(shape, "shapes"):  # a group
        for inner in _in_reading_order(shape.shapes):
            yield from _shape_text(inner)
    elif getattr(shape, "has_table", False) and shape.has_table:
        yield table([[cell.text for cell in row.cells] for row in shape.table.rows])
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        yield chart_text(shape.chart._chartSpace)
    elif shape.has_text_frame:
        yield _frame_text(shape.text_frame)


def _frame_text(frame: Any) -> str:
    """Paragraphs; those with a bullet or an indent become list items."""
    lines = []
    for paragraph in frame.paragraphs:
        text = " ".join(paragraph.text.split())
        if text:
            lines.append(f"{'  ' * paragraph.level}- {text}" if _is_item(paragraph) else text)
    return "\n".join(lines)


def _is_item(paragraph: Any) -> bool:
    properties = paragraph._p.pPr
    if properties is None:
        return False
    if properties.find(f"{A}buNone") is not None:
        return False
    has_bullet = any(properties.find(f"{A}{tag}") is not None for tag in ("buChar", "buAutoNum", "buBlip"))
    return has_bullet or paragraph.level > 0
