"""What a chip opens beside the answer: the page as a picture with the quote marked, or the passage's text."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import chainlit as cl

from app.domain import Citation, Passage
from app.web.api.documents import PAGED
from app.web.chat.elements import KeptWithChat
from app.web.chat.markup import chip, plain, shorten, unlinked
from app.web.chat.memo import page_link, place, render_passage
from app.web.chat.provenance import render_provenance
from app.web.chat.words import Words

PDF = "application/pdf"
# A quote that goes into the words for a picture is cut: a screen reader reads them out in one breath.
QUOTE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is highlighted: offsets in the document, and its words."""

    start: int
    end: int
    text: str


class PassageText(KeptWithChat, cl.Text):
    """A text of a document. `document_id` is the document whose words it shows: it goes when that does."""

    document_id: str


def build_elements(passages: Iterable[Passage], words: Words, citations: Iterable[Citation] = ()) -> list[PassageText]:
    """One element for each passage, named as its chip. It shows the passage's first citation, or all of it.

    A citation of no passage, such as a table's, shows its quote.
    """
    first_by_rank: dict[int, Citation] = {}
    for citation in citations:
        first_by_rank.setdefault(citation.n, citation)
    elements = [_build_element(passage, words, first_by_rank.pop(passage.rank, None)) for passage in passages]
    others = [
        _element(c.n, c.document_id, _with_provenance(render_quote(c, words), c, words)) for c in first_by_rank.values()
    ]
    return elements + others


def document_url(document_id: str) -> str:
    """Where the service serves a document's file to those who may read it."""
    return f"/api/v1/documents/{document_id}/file"


def page_url(document_id: str, page: int, start: int, end: int) -> str:
    """Where the service draws a page with the characters `[start, end)` of the document highlighted."""
    return f"/api/v1/documents/{document_id}/pages/{page}.png?{urlencode({'start': start, 'end': end})}"


def render_pages(passage: Passage, mark: _Mark, words: Words) -> str:
    """The pages that a marked text stands on, as pictures, and the way to the whole file, as Markdown."""
    pages = _pages_of(passage, mark)
    quote = words.notation.quote.format(text=plain(shorten(mark.text, QUOTE_LENGTH)))
    parts = [f"[{words.evidence.open_file}]({_file_at(passage, pages[0])})"]
    for page in pages:
        alt = words.evidence.page_alt.format(place=place(passage.document, page, (), words), quote=quote)
        picture = page_url(passage.document_id, page, mark.start, mark.end)
        # The pane's title says the page where there is one.
        parts += [f"**{words.notation.page.format(n=page).capitalize()}**"] if len(pages) > 1 else []
        parts.append(f"[![{alt}]({picture})]({_file_at(passage, page)})")
    return "\n\n".join(parts)


def render_quote(citation: Citation, words: Words) -> str:
    """A quote by itself, and the way to the whole file or page, as Markdown."""
    if citation.url:
        return f"{page_link(citation.url, words)}\n\n> {plain(unlinked(citation.quote))}"
    return f"[{words.evidence.open_file}]({document_url(citation.document_id)})\n\n> {plain(unlinked(citation.quote))}"


def _build_element(passage: Passage, words: Words, citation: Citation | None) -> PassageText:
    if passage.media_type in PAGED and passage.page is not None:
        mark = _Mark(citation.start, citation.end, citation.quote) if citation else None
        content = render_pages(passage, mark or _Mark(passage.start, passage.end, passage.text), words)
    else:
        content = render_passage(passage, words)
    return _element(passage.rank, passage.document_id, _with_provenance(content, passage, words))


def _with_provenance(content: str, of: Passage | Citation, words: Words) -> str:
    """Before what is shown, which may be a long page."""
    said = render_provenance(of, words)
    return f"{said}\n\n{content}" if said else content


def _element(n: int, document_id: str, content: str) -> PassageText:
    element = PassageText(name=chip(n), content=content, display="side")
    element.document_id = document_id
    return element


def _pages_of(passage: Passage, mark: _Mark) -> list[int]:
    """The pages on which the marked text stands, in order."""
    first = passage.page_at(mark.start)
    last = passage.page_at(max(mark.end - 1, mark.start))
    assert first is not None, "only passages with pages come here"
    return list(range(first, max(last or first, first) + 1))


def _file_at(passage: Passage, page: int) -> str:
    """The file, opened at a page where browsers can do that."""
    url = document_url(passage.document_id)
    return f"{url}#page={page}" if passage.media_type == PDF else url
