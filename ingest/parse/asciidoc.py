"""AsciiDoc, rewritten as Markdown line by line. Files are never included."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.domain import ParsedDocument
from ingest.parse.asciidoc_tables import loose_table, read_table
from ingest.parse.encoding import decode
from ingest.parse.markdown import fence, heading, joined
from ingest.parse.media_type import MediaType

HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*?)(?:\s+\1)?$")
ATTRIBUTE = re.compile(r":!?([\w-]+)!?:(?:\s+(.*))?$")
AUTHOR = re.compile(r"([^\W\d_][\w.'-]*(?: [\w.'-]+){0,3})(?: <([^>\s]+)>)?$")
REVISION = re.compile(r"(?:v[\d.]+,? *)?(\d{4}-\d{2}-\d{2})(?:[:,].*)?$")
BLOCK_ATTRIBUTES = re.compile(r"\[(?!\[?\^)[^\]]*\]{1,2}$")
SOURCE = re.compile(r"\[(?:source|,)%?\w*,? *([\w+#-]+)?.*\]$")
BLOCK_TITLE = re.compile(r"\.(?![.\s])(\S.*)$")
BULLET = re.compile(r"(\s*)(\*{1,6}|-)\s+(\S.*)$")
NUMBERED = re.compile(r"(\s*)(\.{1,6}|\d+\.)\s+(\S.*)$")
CHECKBOX = re.compile(r"\[[ x*]\] +")
TERM = re.compile(r"(\S.*?):{2,4}(?:\s+(.*))?$")
MACRO_BLOCK = re.compile(r"(?:image|video|audio|include|toc|ifdef|ifndef|ifeval|endif)::\S*\[.*\]$")
CODE_EDGE = re.compile(r"(-{4,}|\.{4,}|`{3,}(.*))$")
SILENT_EDGE = re.compile(r"(?:={4,}|\*{4,}|_{4,}|--|<<<|'{3,})$")
DROPPED_EDGE = re.compile(r"(/{4,}|\+{4,})$")
TABLE_EDGE = re.compile(r"[|,:!]={3,}$")
LINK = re.compile(r"(?:link:|(?=https?://|mailto:))([^\s\[\]<>]{1,2000})\[([^\]]{0,500})\]")
REFERENCE = re.compile(r"<<([^,>]{1,200})(?:, *([^>]{1,500}))?>>|xref:([^\s\[]{1,200})\[([^\]]{0,500})\]")
SPOKEN_MACRO = re.compile(
    r"\b(?:btn|kbd|footnote|pass|stem):\w{0,50}\[([^\]]{0,2000})\]|\bmenu:([^\[]{1,200})\[([^\]]{0,200})\]"
)
SILENT_MACRO = re.compile(r"\b(?:image|icon|anchor|indexterm2?):[^\s\[]{0,500}\[[^\]]{0,500}\]|\[\[[^\]]{1,200}\]\]")
VARIABLE = re.compile(r"\{([\w-]{1,100})\}")
# No line of markup is longer; patterns would take their time over a longer one.
LONGEST_MARKUP: Final = 2000
Block = tuple[str, bool]


def parse_asciidoc(path: Path) -> ParsedDocument:
    """Headings, lists, tables and code as Markdown; title, author and date from the head."""
    reader = _Reader(decode(path.read_bytes()))
    text = joined(reader.blocks())
    facts = reader.attributes
    return ParsedDocument(
        text=text,
        media_type=MediaType.ASCIIDOC,
        title=reader.title,
        author=facts.get("author", ""),
        language=facts.get("lang", "")[:2].lower(),
        created_at=_moment(facts.get("revdate", "")),
    )


class _Reader:
    """Goes through the lines once. `title` and `attributes` are known when the blocks have been read."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0
        self._paragraph: list[str] = []
        self._language = ""
        self._stated = ""  # the attributes above a block
        self._counts: dict[int, int] = {}
        self._is_attached = False  # by a “+”, to the list item above
        self.title = ""
        self.attributes: dict[str, str] = {}

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip()
            self._at += 1
            if found := list(self._special(line)) if len(line) <= LONGEST_MARKUP else []:
                yield from self._ended()
                yield from (self._counted(block) for block in found if block[0])
                self._is_attached = line == "+" or (self._is_attached and not line)
            else:
                self._paragraph.append(line.strip())
        yield from self._ended()

    def _ended(self) -> Iterator[Block]:
        if self._paragraph:
            yield self._counted((self._inline("\n".join(self._paragraph)), False))
            self._paragraph = []

    def _counted(self, block: Block) -> Block:
        """Anything between two lists makes the second count from one."""
        if not block[1] and not self._is_attached:
            self._counts.clear()
        return block

    def _special(self, line: str) -> Iterator[Block]:
        """What a line that is no part of a paragraph gives; ("", False) where that is nothing."""
        nothing = ("", False)
        if not line.strip() or line == "+" or MACRO_BLOCK.match(line) or SILENT_EDGE.match(line):
            yield nothing
        elif line.startswith("//") and not DROPPED_EDGE.match(line):
            yield nothing  # a comment
        elif found := HEADING.match(line):
            yield self._heading(len(found[1]), self._inline(found[2])), False
        elif found := ATTRIBUTE.match(line):
            self.attributes[found[1]] = (found[2] or "").strip()
            yield nothing
        elif found := DROPPED_EDGE.match(line):
            self._until(found[1])
            yield nothing
        elif found := CODE_EDGE.match(line):
            code = self._until("```" if found[2] is not None else found[1])
            yield fence(code, found[2] or self._language), False
            self._language = ""
        elif TABLE_EDGE.match(line):
            yield self._inline(read_table(self._until(line), line[0], self._stated)), False
        elif line.lstrip().startswith("|") and not self._paragraph:
            yield loose_table([line, *self._while("|")]), False
        else:
            yield from self._small(line)

    def _small(self, line: str) -> Iterator[Block]:
        """Lines that give one line, or say something of the next block."""
        if found := SOURCE.match(line):
            self._language = found[1] or ""
            yield "", False
        elif BLOCK_ATTRIBUTES.match(line):
            self._stated = line
            yield "", False
        elif found := BULLET.match(line):
            depth = _depth(found[1], found[2])
            yield f"{'  ' * depth}- {self._inline(CHECKBOX.sub('', self._item(found[3])))}", True
        elif found := NUMBERED.match(line):
            depth = _depth(found[1], found[2])
            label = found[2] if found[2][0].isdigit() else self._number(depth)
            yield f"{'  ' * depth}{label} {self._inline(self._item(found[3]))}", True
        elif found := BLOCK_TITLE.match(line):
            yield self._inline(found[1]), False
        elif not self._paragraph and (found := TERM.match(line)):
            yield f"- {self._inline(found[1])}: {self._inline(self._item(found[2] or ''))}".rstrip(": "), True

    def _heading(self, level: int, text: str) -> str:
        if level == 1 and not self.title:
            self.title = text
            self._head()
        return heading(text, level)

    def _head(self) -> None:
        """Author and revision stand right below the title, attributes among them; a blank line ends the head."""
        for field, form in (("author", AUTHOR), ("revdate", REVISION)):
            line = self._lines[self._at].strip() if self._at < len(self._lines) else ""
            if found := form.match(line):
                self.attributes[field] = found[1]
                self._at += 1

    def _item(self, text: str) -> str:
        """An item's text goes on over the lines below it, until something else begins."""
        words = [text]
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip()
            if not line.strip() or line == "+" or any(form.match(line) for form in ITEM_ENDS):
                break
            words.append(line.strip())
            self._at += 1
        return " ".join(words)

    def _until(self, edge: str) -> str:
        """The lines up to the closing edge, or to the end of a document that forgot it."""
        start = self._at
        while self._at < len(self._lines) and self._lines[self._at].rstrip() != edge:
            self._at += 1
        self._at += 1
        return "\n".join(self._lines[start : self._at - 1])

    def _while(self, start: str) -> Iterator[str]:
        while self._at < len(self._lines) and self._lines[self._at].lstrip().startswith(start):
            yield self._lines[self._at]
            self._at += 1

    def _number(self, depth: int) -> str:
        """The next number at this depth; the lists below it begin anew."""
        for deeper in [known for known in self._counts if known > depth]:
            del self._counts[deeper]
        self._counts[depth] = self._counts.get(depth, 0) + 1
        return f"{self._counts[depth]}."

    def _inline(self, text: str) -> str:
        text = VARIABLE.sub(lambda found: self.attributes.get(found[1]) or found[0], text)
        text = SILENT_MACRO.sub("", text)
        text = LINK.sub(lambda found: f"[{found[2].rstrip('^') or found[1]}]({found[1]})", text)
        text = REFERENCE.sub(lambda found: found[2] or found[4] or found[1] or found[3], text)
        return SPOKEN_MACRO.sub(lambda found: found[1] or " ".join(part for part in found.groups() if part), text)


ITEM_ENDS: Final = (
    BULLET, NUMBERED, HEADING, MACRO_BLOCK, CODE_EDGE, SILENT_EDGE, DROPPED_EDGE, TABLE_EDGE, BLOCK_ATTRIBUTES, TERM,
    BLOCK_TITLE,
)  # fmt: skip


def _depth(indent: str, mark: str) -> int:
    by_mark = len(mark) - 1 if mark[0] in "*." else 0
    return max(by_mark, len(indent.expandtabs(2)) // 2)


def _moment(stated: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stated).replace(tzinfo=UTC)
    except ValueError:
        return None
