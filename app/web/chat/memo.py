"""An answer and its passages as the Markdown that the chat page shows. Pure: values in, text out.

Chainlit turns an element's name, wherever it stands in a message, into a link that opens the element.
So a reference is written `[2]`, and the element behind it is named the same: the stored and copied text
stays plain, and the page styles the link as a small chip.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from app.domain import Answer, Citation, Passage
from app.web.chat.words import Words

EXCERPT_LENGTH = 360
# Characters with a meaning in Markdown, and colons that start a link or a directive.
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~!&]|:(?=[\w/])|(?<=www)\.|^[-+=](?=\s)|(?<=^\d)[.)](?=\s)")

_RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+")
_CELL_END = re.compile(r"(?<!\\)\|")


def chip(n: int) -> str:
    """The reference to passage `n` in a text, and the name of the element that it opens."""
    return f"[{n}]"


def plain(text: str) -> str:
    """Document text as one line that Markdown shows as it is: no link, no image, no heading, no chip."""
    return _MARKUP.sub(lambda match: f"\\{match[0]}", " ".join(text.split()))


def place(document: str, page: int | None, headings: Sequence[str], words: Words) -> str:
    """Where a passage stands: the document, then its page or else its headings."""
    if page is not None:
        return f"{plain(document)}, {words.page.format(n=page)}"
    return ", ".join([plain(document), *([heading_path(headings)] if headings else [])])


def heading_path(headings: Sequence[str]) -> str:
    """Headings from the outermost to the innermost."""
    return " › ".join(plain(heading) for heading in headings)


def search_summary(passages: Sequence[Passage], words: Words) -> str:
    """What a search found, in one line."""
    if not passages:
        return words.found_nothing
    documents = len({passage.document_id for passage in passages})
    return words.found.format(
        passages=_count(len(passages), words.passages_one, words.passages_many),
        documents=_count(documents, words.documents_one, words.documents_many),
    )


def render_passages(passages: Iterable[Passage], words: Words) -> str:
    """The passages of a search: rank, place, and the beginning of the text as a quotation."""
    return "\n\n".join(
        f"{chip(p.rank)} **{place(p.document, p.page, p.headings, words)}**{_section(p)}\n\n> {_excerpt(p)}"
        for p in passages
    )


def render_passage(passage: Passage, words: Words) -> str:
    """One whole passage, for the pane beside the answer; the rows of a table below its header."""
    heading = heading_path(passage.headings) or place(passage.document, passage.page, (), words)
    parts = [part for part in re.split(r"\n\s*\n", passage.full_text) if part.strip()]
    blocks = [block for part in parts for block in _blocks(part)]
    quoted = ["\n".join(f"> {line}" for line in block.split("\n")) for block in blocks]
    return "\n>\n".join([f"**{heading}**\n", *quoted])


def render_answer(answer: Answer, words: Words) -> str:
    """The answer with the list of its sources; for an abstention, where to look instead."""
    if answer.abstained:
        text = answer.text.strip() or words.abstained
        nearest = words.nearest.format(step=search_summary(answer.passages, words))
        return f"{text}\n\n{nearest if answer.passages else words.no_passages}"
    if not answer.citations:
        return answer.text.strip()
    headings_by_rank = {passage.rank: passage.headings for passage in answer.passages}
    said = _bare(answer.text)
    rows = [_source(c, headings_by_rank.get(c.n, ()), words, said) for c in answer.citations]
    # A heading of the sixth rank is what the style sheet knows the list by.
    return "\n".join([answer.text.strip(), "", f"###### {words.sources}", "", *dict.fromkeys(rows)])


def _source(citation: Citation, headings: Sequence[str], words: Words, said: str) -> str:
    """One row of the list. A quote that the answer itself consists of is not repeated."""
    where = place(citation.document, citation.page, headings, words)
    if _bare(citation.quote) in said:
        return f"- {chip(citation.n)} {where}"
    quote = words.quote.format(text=plain(citation.quote))
    doubt = "" if citation.verified else f" ({words.unverified})"
    return f"- {chip(citation.n)} {where} — *{quote}*{doubt}"


def _bare(text: str) -> str:
    """Letters and digits alone, to compare what is shown with what is quoted."""
    return re.sub(r"\W+", "", text)


def _blocks(part: str) -> list[str]:
    """Lines without an empty one between them: tables as tables, the rest as one line each."""
    runs = [(is_row, list(lines)) for is_row, lines in groupby(part.strip().split("\n"), key=_is_row)]
    return [_table(lines) if is_row and len(lines) > 1 else plain(" ".join(lines)) for is_row, lines in runs]


def _is_row(line: str) -> bool:
    return line.strip().startswith("|") and line.strip().endswith("|")


def _table(rows: Sequence[str]) -> str:
    """Rows of a table; without a line below the first one, none is the header."""
    cells = [_cells(row) for row in rows if not _RULE.fullmatch(row.strip())]
    has_header = len(rows) > 1 and bool(_RULE.fullmatch(rows[1].strip()))
    header = cells.pop(0) if has_header and cells else [""] * max(map(len, cells), default=1)
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: str) -> list[str]:
    # A pipe inside a cell is written “\|”.
    return [plain(cell.replace("\\|", "|")) for cell in _CELL_END.split(row.strip().strip("|"))]


def _section(passage: Passage) -> str:
    # Without a page, `place` has named the headings already.
    return f" · {heading_path(passage.headings)}" if passage.headings and passage.page is not None else ""


def _excerpt(passage: Passage) -> str:
    line = " ".join(passage.full_text.split())
    return plain(line if len(line) <= EXCERPT_LENGTH else f"{line[:EXCERPT_LENGTH].rsplit(' ', 1)[0]} …")


def _count(n: int, one: str, many: str) -> str:
    return one if n == 1 else many.format(n=n)
