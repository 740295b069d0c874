"""What calamine leaves in a workbook's package: its facts, charts and comments, and whether it fits in memory."""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from app.errors import UnreadableDocument
from ingest.parse.charts import chart_text
from ingest.parse.media_type import MediaType
from ingest.parse.ooxml import transitional
from ingest.parse.xml_parts import find_text, read_xml

NAMES: Final = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "t": "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
}
RELATION_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
CREATORS: Final = frozenset({"openpyxl"})
# A thread of comments has a copy among the plain ones, under this author, for older programs.
THREAD: Final = "tc={"

# Of the cells without content only the style is known, and calamine passes over them.
CELL = re.compile(rb'<(?:\w+:)?c\s[^>/]*?\br="([A-Z]{1,3})(\d{1,7})"[^>/]*>(?!</)')
PIECE_BYTES: Final = 1 << 20
# calamine holds the rectangle around all cells: 32 bytes for each place, and about 50 more for each cell.
BYTES_PER_PLACE: Final = 32
BYTES_PER_CELL: Final = 50


@dataclass(frozen=True, slots=True)
class Facts:
    """What a workbook says of itself."""

    title: str = ""
    author: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """Paragraphs that belong to a sheet besides its cells, by the sheet's name."""

    by_sheet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_facts(path: Path, media_type: MediaType) -> Facts:
    """Title, author and date of an XLSX or ODS package; empty where it has none."""
    member = "meta.xml" if media_type is MediaType.ODS else "docProps/core.xml"
    with zipfile.ZipFile(path) as package:
        if member not in package.namelist():
            return Facts()
        root = read_xml(package, member)
    author = find_text(root, ".//meta:initial-creator", NAMES) or find_text(root, ".//dc:creator", NAMES)
    created = find_text(root, ".//dcterms:created", NAMES) or find_text(root, ".//meta:creation-date", NAMES)
    return Facts(find_text(root, ".//dc:title", NAMES), "" if author in CREATORS else author, _moment(created))


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written[:26])
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def check_size(path: Path, name: str, memory_mb: int) -> None:
    """Refuse an XLSX whose cells, or the room between them, take more than half of the memory."""
    with zipfile.ZipFile(path) as package:
        for member in package.namelist():
            if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                with package.open(member) as stream:
                    needed = _needed_bytes(stream)
                if needed > memory_mb << 19:
                    raise UnreadableDocument(
                        f"{name} has a sheet of more cells than fit into memory, or cells very far apart; "
                        "delete what is not needed, save the sheet as CSV, or raise limits.memory_mb."
                    )


def _needed_bytes(stream: IO[bytes]) -> int:
    columns: set[bytes] = set()
    rows = cells = 0
    rest = b""
    while piece := stream.read(PIECE_BYTES):
        found = CELL.findall(rest + piece)
        columns.update({column for column, _row in found})
        rows = max(rows, max((int(row) for _column, row in found), default=0))
        cells += len(found)
        rest = piece[-(PIECE_BYTES // 4096) :]
    width = max(map(_column_number, columns), default=0)
    return rows * width * BYTES_PER_PLACE + cells * BYTES_PER_CELL


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_extras(path: Path) -> Extras:
    """The charts and comments of an XLSX package."""
    with zipfile.ZipFile(transitional(path)) as package:
        members = frozenset(package.namelist())
        book = "xl/workbook.xml"
        if book not in members:
            return Extras()
        people = _people(package, members)
        targets = {relation.get("Id"): target for relation, target in _relations(package, members, book)}
        by_sheet = {}
        for sheet in read_xml(package, book).iterfind("m:sheets/m:sheet", NAMES):
            part = targets.get(sheet.get(RELATION_ID), "")
            by_sheet[sheet.get("name", "")] = tuple(_paragraphs(package, members, part, people))
        return Extras(by_sheet)


def _paragraphs(
    package: zipfile.ZipFile, members: frozenset[str], part: str, people: Mapping[str, str]
) -> Iterator[str]:
    for relation, target in _relations(package, members, part):
        if target not in members:
            continue
        match posixpath.basename(relation.get("Type", "")):
            case "drawing":
                for _relation, chart in _relations(package, members, target):
                    if "/charts/chart" in chart and chart in members:
                        yield chart_text(read_xml(package, chart))
            case "comments":
                yield from _comments(read_xml(package, target))
            case "threadedComment":
                yield from _threaded(read_xml(package, target), people)


def _relations(package: zipfile.ZipFile, members: frozenset[str], part: str) -> list[tuple[Any, str]]:
    """The relations of a part, each with the member that it leads to."""
    folder, name = posixpath.split(part)
    member = f"{folder}/_rels/{name}.rels"
    if member not in members:
        return []
    return [
        (relation, posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/"))
        for relation in read_xml(package, member)
        if relation.get("TargetMode") != "External"
    ]


def _people(package: zipfile.ZipFile, members: frozenset[str]) -> dict[str, str]:
    return {
        person.get("id"): person.get("displayName", "")
        for member in members
        if member.startswith("xl/persons/")
        for person in read_xml(package, member).iterfind("t:person", NAMES)
    }


def _threaded(root: Any, people: Mapping[str, str]) -> Iterator[str]:
    for comment in root.iterfind("t:threadedComment", NAMES):
        author, day = people.get(comment.get("personId"), ""), comment.get("dT", "")[:10]
        yield _comment(comment.get("ref", ""), author, day, find_text(comment, "t:text", NAMES))


def _comments(root: Any) -> Iterator[str]:
    authors = ["".join(author.itertext()) for author in root.iterfind("m:authors/m:author", NAMES)]
    for comment in root.iterfind("m:commentList/m:comment", NAMES):
        index = int(comment.get("authorId", "0"))
        author = authors[index] if index < len(authors) else ""
        if author.startswith(THREAD):
            continue
        words = " ".join("".join(text.text or "" for text in comment.iter(f"{{{NAMES['m']}}}t")).split())
        yield _comment(comment.get("ref", ""), author, "", words)


def _comment(cell: str, author: str, day: str, words: str) -> str:
    by = f" by {author}" if author else ""
    on = f" on {day}" if day else ""
    return f"Comment{by}{on} at {cell}: {words}"
