"""An answer and its passages as the Markdown that the chat page shows. Pure: values in, text out.

Chainlit turns an element's name, wherever it stands in a message, into a link that opens the element.
So a reference is written `[2]`, and the element behind it is named the same: the stored and copied text
stays plain, and the page styles the link as a small chip.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

from app.domain import Answer, Citation, Passage
from app.domain.answers import first_word_ms, search_ms
from app.domain.urls import host_of
from app.web.chat.computed import copy_computed, render_computed
from app.web.chat.doubts import mark_doubts, reason
from app.web.chat.markup import chip, one_line, plain, shorten, unlinked
from app.web.chat.safe_markdown import make_safe
from app.web.chat.words import Words

EXCERPT_LENGTH = 360

_RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+")
_CELL_END = re.compile(r"(?<!\\)\|")


def place(document: str, page: int | None, headings: Sequence[str], words: Words, *, web_url: str = "") -> str:
    """Where a passage stands: the document, then its page or else its headings; of the web, the host before all.

    `web_url`: the address of a page that was read on the web, which is no document of anybody's.
    """
    if web_url:
        return plain(_web_place(document, web_url, words))
    if page is not None:
        return f"{plain(document)}, {words.notation.page.format(n=page)}"
    below = _below(document, headings)
    return ", ".join([plain(document), *([heading_path(below)] if below else [])])


def place_text(document: str, page: int | None, headings: Sequence[str], words: Words, *, web_url: str = "") -> str:
    """The same, where no Markdown is read."""
    if web_url:
        return _web_place(document, web_url, words)
    below = words.notation.page.format(n=page) if page is not None else " › ".join(_below(document, headings))
    return ", ".join(part for part in (document, below) if part)


def web_url(passage: Passage) -> str:
    """The address of a passage that was read on the web; "" for one of a document, wherever that came from."""
    return passage.url if passage.is_web else ""


def _web_place(title: str, url: str, words: Words) -> str:
    """“Web · host · title”. The page's script knows web sources by how it begins (static/chat.js)."""
    host = host_of(url)
    return " · ".join(part for part in (words.search.web, host, title if title != host else "") if part)


def _below(document: str, headings: Sequence[str]) -> Sequence[str]:
    """A page's first heading is mostly its title, which is said already."""
    return headings[1:] if headings and headings[0] == document else headings


def heading_path(headings: Sequence[str]) -> str:
    """Headings from the outermost to the innermost."""
    return " › ".join(plain(heading) for heading in headings)


def search_summary(passages: Sequence[Passage], words: Words) -> str:
    """What a search found, in one line."""
    said = words.search
    if not passages:
        return said.found_nothing
    documents = len({passage.document_id for passage in passages if not passage.is_web})
    pages = len({passage.document_id for passage in passages if passage.is_web})
    sentence = said.found if not pages else said.found_with_web if documents else said.found_on_web
    return sentence.format(
        passages=_count(len(passages), said.passages_one, said.passages_many),
        documents=_count(documents, said.documents_one, said.documents_many),
        pages=_count(pages, said.web_pages_one, said.web_pages_many),
    )


def render_passages(passages: Iterable[Passage], words: Words, cited: Collection[int] = ()) -> str:
    """The passages of a search: rank and place, the beginning of the text, whether it is cited, its scores, and what to
    beware of."""
    return "\n\n".join(
        f"{chip(p.rank)} **{place(p.document, p.page, p.headings, words, web_url=web_url(p))}**{_section(p)}\n\n"
        f"> {plain(shorten(unlinked(p.full_text), EXCERPT_LENGTH))}\n\n*{_scores(p, words, is_cited=p.rank in cited)}*"
        f"{_warning(p, words)}"
        for p in passages
    )


def _warning(passage: Passage, words: Words) -> str:
    return f"\n\n⚠ **{words.search.suspicious}**" if passage.is_suspicious else ""


def render_passage(passage: Passage, words: Words) -> str:
    """One whole passage, for the pane beside the answer; the rows of a table below its header."""
    heading = heading_path(passage.headings) or place(
        passage.document, passage.page, (), words, web_url=web_url(passage)
    )
    parts = [part for part in re.split(r"\n\s*\n", passage.full_text) if part.strip()]
    blocks = [block for part in parts for block in _blocks(part)]
    quoted = ["\n".join(f"> {line}" for line in block.split("\n")) for block in blocks]
    passage_text = "\n>\n".join([f"**{heading}**\n", *quoted])
    return f"{page_link(passage.url, words)}\n\n{passage_text}" if passage.url else passage_text


def page_link(url: str, words: Words) -> str:
    """The way to a page of a site, as Markdown. Brackets in the address would end the link."""
    target = url.replace("(", "%28").replace(")", "%29")
    return f"[{words.evidence.open_page.format(host=plain(host_of(url)))}]({target})"


def render_answer(answer: Answer, words: Words) -> str:
    """The answer with its doubts marked, what was computed, and its sources; for an abstention, where to look."""
    if answer.abstained:
        text = make_safe(answer.text.strip(), words.answer.picture_not_loaded) or words.answer.abstained
        nearest = words.answer.nearest.format(step=search_summary(answer.passages, words))
        return f"{text}\n\n{nearest if answer.passages else words.answer.no_passages}"
    marked = mark_doubts(answer.text, answer.statements, words).text
    parts = [make_safe(marked.strip(), words.answer.picture_not_loaded)]
    if answer.table:
        parts.append(render_computed(answer.table, words))
    if answer.citations:
        said = _bare(answer.text)
        rows = [_source(c, _headings_of(answer).get(c.n, ()), words, said) for c in answer.citations]
        # A heading of the sixth rank is what the style sheet knows the list by.
        parts += [f"###### {words.answer.sources}", "\n".join(dict.fromkeys(rows))]
    return "\n\n".join(parts)


def render_copy(answer: Answer, words: Words) -> str:
    """The answer for the clipboard: its text, what was computed, what is in doubt, and its numbered sources."""
    parts = [answer.text.strip() or words.answer.abstained]
    if answer.table:
        parts.append(copy_computed(answer.table, words))
    doubts = [
        f"- {one_line(answer.text[each.start : each.end])}\n  {reason(each, words)}"
        for each in answer.statements
        if not each.is_verified and not answer.abstained
    ]
    if doubts:
        parts.append("\n".join([f"{words.doubts.heading}:", *doubts]))
    rows = [_copy_source(c, _headings_of(answer).get(c.n, ()), words) for c in answer.citations]
    if rows:
        parts.append("\n".join([f"{words.answer.sources}:", *dict.fromkeys(rows)]))
    return "\n\n".join(parts)


def render_timings(timings_ms: Mapping[str, float], words: Words) -> str:
    """How long an answer took, the search for it, and the wait for its first word; "" where that is not known."""
    if not timings_ms.get("total"):
        return ""
    parts = [words.answer.answered_in.format(time=_seconds(timings_ms["total"], words))]
    if search := search_ms(timings_ms):
        parts.append(words.answer.search_took.format(time=_seconds(search, words)))
    if waited := first_word_ms(timings_ms):
        parts.append(words.answer.first_word_after.format(time=_seconds(waited, words)))
    return " · ".join(parts)


def _headings_of(answer: Answer) -> dict[int, tuple[str, ...]]:
    return {passage.rank: passage.headings for passage in answer.passages}


def _source(citation: Citation, headings: Sequence[str], words: Words, said: str) -> str:
    """One row of the list. A quote that the answer itself consists of is not repeated."""
    where = place(citation.document, citation.page, headings, words, web_url=citation.url)
    if _bare(citation.quote) in said:
        return f"- {chip(citation.n)} {where}"
    quote = words.notation.quote.format(text=plain(unlinked(citation.quote)))
    doubt = "" if citation.verified else f" ({words.doubts.unverified})"
    return f"- {chip(citation.n)} {where} — *{quote}*{doubt}"


def _copy_source(citation: Citation, headings: Sequence[str], words: Words) -> str:
    """One source for the clipboard. Its quote is there in any case: whoever reads it has no page to open."""
    where = place_text(citation.document, citation.page, headings, words, web_url=citation.url)
    if citation.url:
        where = f"{where}, {citation.url}"
    doubt = "" if citation.verified else f" ({words.doubts.unverified})"
    return f"{chip(citation.n)} {where}: {words.notation.quote.format(text=one_line(unlinked(citation.quote)))}{doubt}"


def _scores(passage: Passage, words: Words, *, is_cited: bool) -> str:
    score, similarity = _decimals(passage.score, 3, words), _decimals(passage.similarity, 2, words)
    parts = [words.search.scores.format(score=score, similarity=similarity)]
    if passage.also_in:
        parts.append(words.search.also_in.format(documents=", ".join(map(plain, passage.also_in))))
    return " · ".join([words.search.cited, *parts] if is_cited else parts)


def _seconds(milliseconds: float, words: Words) -> str:
    seconds = milliseconds / 1000
    return f"{_decimals(seconds, 0 if seconds >= 60 else 1 if seconds >= 1 else 2, words)} s"


def _decimals(value: float, decimals: int, words: Words) -> str:
    return f"{value:.{decimals}f}".replace(".", words.notation.decimal)


def _bare(text: str) -> str:
    """Letters and digits alone, to compare what is shown with what is quoted."""
    return re.sub(r"\W+", "", text)


def _blocks(part: str) -> list[str]:
    """Lines without an empty one between them: tables as tables, the rest as one line each."""
    runs = [(is_row, list(lines)) for is_row, lines in groupby(part.strip().split("\n"), key=_is_row)]
    return [_table(lines) if is_row and len(lines) > 1 else plain(unlinked(" ".join(lines))) for is_row, lines in runs]


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
    if passage.page is None and not passage.is_web:
        return ""
    headings = _below(passage.document, passage.headings)
    return f" · {heading_path(headings)}" if headings else ""


def _count(n: int, one: str, many: str) -> str:
    return one if n == 1 else many.format(n=n)
