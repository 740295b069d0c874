"""One document, opened by whoever edits its knowledge base: its facts, its text part by part, its chunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.access import Caller
from app.db import chunks, documents, parsed_texts, versions
from app.db.chunks import ShownChunk
from app.db.parsed_texts import PageSpan
from app.db.versions import VersionFacts
from app.domain import Document, MemberRole
from app.errors import NotFound
from app.operations.documents import get_readable
from app.services import Services
from ingest.sources.upload import INSIDE, UPLOAD_PREFIX

# A long text is shown in parts of about so many characters, each to the end of a line where one is near.
PART: Final = 20_000
LINE_END_WITHIN: Final = 2_000


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document and what is known about it. `uploaded_as`: the name of the file; "" for what was not uploaded.

    `lies_in`: the document that it was found in, with its name; `inside`: how many were found in it.
    """

    document: Document
    versions: Sequence[VersionFacts]
    uploaded_as: str
    lies_in: tuple[str, str] | None
    inside: int


@dataclass(frozen=True, slots=True)
class TextPart:
    """A page of a document's text, or a part of one without pages. `number` counts from 1, up to `parts`.

    `page`: None for a format without pages. `start`: of the text, in the document.
    """

    number: int
    parts: int
    page: PageSpan | None
    start: int
    text: str


def open_document(id: str, caller: Caller, services: Services) -> OpenedDocument:
    """What is known about a document. Raises NotFound, Forbidden."""
    document = _to_edit(id, caller, services)
    with services.database.read() as session:
        stored = versions.list_facts(session, id)
        inside = len(documents.family(session, id, INSIDE)) - 1
    lies_in = _find_outer(document, caller, services)
    is_upload = document.location.startswith(UPLOAD_PREFIX) and lies_in is None
    return OpenedDocument(
        document=document,
        versions=stored,
        uploaded_as=document.location.removeprefix(UPLOAD_PREFIX) if is_upload else "",
        lies_in=lies_in,
        inside=inside,
    )


def list_pages(id: str, caller: Caller, services: Services) -> list[PageSpan]:
    """The pages of a document; none for a format without. Raises NotFound, Forbidden."""
    document = _to_edit(id, caller, services)
    with services.database.read() as session:
        return parsed_texts.page_spans(session, document.version_id)


def read_part(id: str, number: int, caller: Caller, services: Services) -> TextPart:
    """A part of a document's text: a page where there are pages; the nearest where there is no such part.

    Raises NotFound, Forbidden.
    """
    document = _to_edit(id, caller, services)
    with services.database.read() as session:
        text_id, characters = parsed_texts.measure_text(session, document.version_id)
        pages = parsed_texts.page_spans(session, document.version_id)
        parts = len(pages) or max(1, -(-characters // PART))
        number = min(max(1, number), parts)
        if pages:
            page = pages[number - 1]
            text = parsed_texts.read_span(session, text_id, page.start, page.end)
            return TextPart(number, parts, page, page.start, text)
        start = (number - 1) * PART
        text = parsed_texts.read_span(session, text_id, start, start + PART + LINE_END_WITHIN)
    begin = _line_end(text[:LINE_END_WITHIN]) if number > 1 else 0
    end = PART + _line_end(text[PART:]) if number < parts else len(text)
    return TextPart(number, parts, None, start + begin, text[begin:end])


def list_chunks(id: str, caller: Caller, services: Services, *, limit: int, offset: int) -> list[ShownChunk]:
    """Chunks of a document as they answer now, in the order of its text. Raises NotFound, Forbidden."""
    document = _to_edit(id, caller, services)
    base = caller.access.require(document.knowledge_base_id, MemberRole.EDITOR)
    with services.database.read() as session:
        return chunks.list_shown(session, base.generation_id, document.version_id, limit=limit, offset=offset)


def _line_end(text: str) -> int:
    """How far the line goes on from here; 0 where it goes on beyond what is read."""
    return text.find("\n") + 1


def _find_outer(document: Document, caller: Caller, services: Services) -> tuple[str, str] | None:
    outer, inside, _ = document.location.rpartition(INSIDE)
    if not inside:
        return None
    outer_id = documents.name_document(document.knowledge_base_id, outer)
    try:
        return outer_id, get_readable(outer_id, caller, services).name
    except NotFound:  # it was deleted, or its new content does not answer yet
        return None


def _to_edit(id: str, caller: Caller, services: Services) -> Document:
    document = get_readable(id, caller, services)
    caller.access.require(document.knowledge_base_id, MemberRole.EDITOR)
    return document
