"""What rows keep of a parsed document packed: its pages, its hidden words and its tables."""

import json
import zlib
from dataclasses import asdict
from typing import Any

from app.domain import Column, HiddenHow, HiddenText, Line, Page, ParsedDocument, Rect, Table


def pack(parsed: ParsedDocument) -> bytes:
    """The pages alone, as nearly always, or with where hidden words stand."""
    pages = [asdict(page) for page in parsed.pages]
    packed = {"pages": pages, "hidden": [asdict(each) for each in parsed.hidden]} if parsed.hidden else pages
    return zlib.compress(json.dumps(packed).encode(), level=1)


def unpack(packed: bytes) -> dict[str, Any]:
    """`pages` and `hidden`, each as `asdict` gives them."""
    found = json.loads(zlib.decompress(packed))
    return found if isinstance(found, dict) else {"pages": found, "hidden": []}


def unpack_pages(packed: bytes) -> tuple[Page, ...]:
    """All pages, with the rectangles of their lines."""
    return tuple(read_page(page) for page in unpack(packed)["pages"])


def unpack_hidden(packed: bytes) -> tuple[HiddenText, ...]:
    """Where hidden words stand."""
    return tuple(HiddenText(**{**each, "how": HiddenHow(each["how"])}) for each in unpack(packed)["hidden"])


def read_page(page: dict[str, Any]) -> Page:
    """One page of what `unpack` gives."""
    return Page(
        number=page["number"],
        start=page["start"],
        end=page["end"],
        width=page["width"],
        height=page["height"],
        lines=tuple(Line(line["start"], line["end"], Rect(**line["rect"])) for line in page["lines"]),
        skipped=tuple((start, end) for start, end in page["skipped"]),
        ocr_confidence=page.get("ocr_confidence"),
    )


def read_table(stored: dict[str, Any]) -> Table:
    """A table as it is kept in a version's row."""
    columns = tuple(Column(**column) for column in stored["columns"])
    return Table(name=stored["name"], title=stored["title"], columns=columns, rows=stored["rows"])
