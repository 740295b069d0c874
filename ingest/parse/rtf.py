"""Rich text (.rtf): striprtf reads the words; marks put in beforehand keep headings, lists and tables."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.markdown import heading, joined, table
from ingest.parse.media_type import MediaType

# Characters of the private use area, which no document means anything by.
HEADING_MARK, CELL_MARK, ROW_MARK, ITEM_MARK = "\ue000", "\ue001", "\ue002", "\ue003"
PRIVATE = re.compile("[\ue000-\ue003]")
# Pictures are most of a file's bytes, and the reader would look at each of their hexadecimal digits.
PICTURE = re.compile(r"\{\\pict[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
OUTLINE = re.compile(r"\\outlinelevel([0-8])(?!\d) ?")
PARAGRAPH_END = re.compile(r"\\par(?![a-z]) ?")
CELL = re.compile(r"\\(?:nest)?cell(?![a-z]) ?")
ROW_END = re.compile(r"\\row(?![a-z]) ?")
# Word writes a list item's number or bullet as text of its own.
LIST_TEXT = re.compile(r"\{\\(?:listtext|pntext)(?![a-z])((?:[^{}]|\{[^{}]*\})*)\}")
CODE_PAGE = re.compile(r"\\ansicpg\d+")
NUMBER = re.compile(r"[(]?(?:\d+(?:\.\d+)*|[a-zA-Z]|[ivxIVX]+)[.)]?")
INFO = r"\{{\\{} ?((?:[^{{}}\\]|\\[^{{}}]){{0,2000}})\}}"
CREATED = re.compile(r"\{\\creatim\\yr(\d+)\\mo(\d+)\\dy(\d+)(?:\\hr(\d+))?(?:\\min(\d+))?")
# How the reader shows where a link leads.
LINK_TARGET = re.compile(r'\("(\w+:[^"\s]+)"\)')
MARKED_HEADING = re.compile(f"{HEADING_MARK}([0-8])")


def parse_rtf(path: Path, name: str) -> ParsedDocument:
    """Headings by outline level, list items, tables. Pictures, headers and footers are left out."""
    # RTF is ASCII; what is not was written by careless programs in the code page of its time.
    source = path.read_bytes().decode("cp1252", errors="replace")
    try:
        text = LINK_TARGET.sub(r" (\1)", plain_text(_marked(source)))
        return ParsedDocument(
            text=joined(_blocks(text)),
            media_type=MediaType.RTF,
            title=_fact(source, "title"),
            author=_fact(source, "author"),
            created_at=_created(source),
        )
    except (ValueError, LookupError, TypeError, OverflowError) as exc:
        raise UnreadableDocument(f"{name} is damaged rich text; open it, save it again and add the new file.") from exc


def plain_text(source: str) -> str:
    """The words of rich text, paragraphs on lines."""
    words: str = rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]
    # A pair of surrogates may be written as two characters.
    return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _marked(source: str) -> str:
    source = source if "\\bin" in source else PICTURE.sub("", source)
    source = LIST_TEXT.sub(rf"{ITEM_MARK}{{\1}}{ITEM_MARK}", PRIVATE.sub("", source))
    source = OUTLINE.sub(lambda found: f"{found[0]}{HEADING_MARK}{found[1]}", source)
    *rows, rest = ROW_END.split(source)
    return "".join([*(_marked_row(row) for row in rows), rest])


def _marked_row(source: str) -> str:
    """The source up to a row's end, the row on one line: paragraphs inside its cells are parted by spaces."""
    before, start, row = source.partition(r"\trowd")
    return before + start + CELL.sub(CELL_MARK, PARAGRAPH_END.sub(" ", row)) + ROW_MARK + r"\par "


def _blocks(text: str) -> Iterator[tuple[str, bool]]:
    rows: list[list[str]] = []
    for line in text.split("\n"):
        if ROW_MARK in line:
            rows.append([_plain(cell) for cell in line.split(CELL_MARK)[:-1]])
            continue
        if rows and _plain(line):
            yield table(rows), False
            rows = []
        yield from _paragraph(line)
    if rows:
        yield table(rows), False


def _paragraph(line: str) -> Iterator[tuple[str, bool]]:
    level = MARKED_HEADING.search(line)
    _, *item = line.split(ITEM_MARK)
    if level and _plain(line):
        words = [_plain(part) for part in (*item[:1], item[-1] if item else line)]
        yield heading(" ".join(words), int(level.group(1)) + 1), False
    elif item:
        label = _plain(item[0])
        yield f"{label if NUMBER.fullmatch(label) else '-'} {_plain(item[-1])}", True
    elif text := _plain(line):
        yield text, False


def _plain(marked: str) -> str:
    return " ".join(PRIVATE.sub("", MARKED_HEADING.sub("", marked)).split())


def _fact(source: str, field: str) -> str:
    found = re.search(INFO.format(field), source)
    if found is None:
        return ""
    code_page = CODE_PAGE.search(source)
    page = code_page[0] if code_page else ""
    return _plain(plain_text(rf"{{\rtf1\ansi{page} {found[1]}}}"))


def _created(source: str) -> datetime | None:
    found = CREATED.search(source)
    if found is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
