"""Cut text into the units that can be quoted: sentences, list items, table rows, headings."""

import re

# A line that stands for itself: a table row, a list item, a heading, a "name: value" line.
_OWN_LINE = re.compile(r"\s*(\||[-*+•]\s|\d{1,3}[.)]\s|#{1,6}\s)")
_SENTENCE_END = re.compile(r"[.!?…](?:[\"'”“»)\]]|\[\d{1,3}\])*\s+(?=[\"'“„«(\[]?[\w\d])")
_ABBREVIATION = re.compile(
    r"\b(e\.g|i\.e|etc|cf|vs|approx|no|nos|nr|art|abs|fig|dr|mr|mrs|ms|st|bzw|ca|z\.\s?B|u\.\s?a|d\.\s?h|inkl|zzgl|"
    r"\d{1,2}|[A-Za-zÄÖÜ])\.$",
    re.IGNORECASE,
)
_TABLE_RULE = re.compile(r"^[\s|:+=-]*$")


def split_units(text: str) -> list[tuple[int, int]]:
    """Half-open spans of the units, in order, without outer whitespace; together they hold all words of the text."""
    spans: list[tuple[int, int]] = []
    for start, end in _blocks(text):
        spans.extend(_sentences(text, start, end))
    return [span for start, end in spans if (span := _strip(text, start, end)) and not _is_rule(text, span)]


def _blocks(text: str) -> list[tuple[int, int]]:
    """Paragraphs (wrapped lines kept together) and lines that stand for themselves."""
    blocks: list[tuple[int, int]] = []
    offset = 0
    open_block = False
    for line in text.splitlines(keepends=True):
        end = offset + len(line)
        if not line.strip():
            open_block = False
        elif open_block and not _OWN_LINE.match(line):
            blocks[-1] = (blocks[-1][0], end)
        else:
            blocks.append((offset, end))
            # A heading or a table row is complete; a list item may be wrapped onto the next line.
            open_block = not line.lstrip().startswith(("|", "#"))
        offset = end
    return blocks


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    for match in _SENTENCE_END.finditer(text, start, end):
        stop = match.end()
        if match.group().startswith(".") and _ABBREVIATION.search(
            text, max(start, match.start() - 8), match.start() + 1
        ):
            continue
        spans.append((start, stop))
        start = stop
    return [*spans, (start, end)]


def _strip(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _is_rule(text: str, span: tuple[int, int]) -> bool:
    return _TABLE_RULE.match(text[span[0] : span[1]]) is not None
