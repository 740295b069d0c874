"""What each tool does, for one caller."""

import asyncio
from contextlib import aclosing
from threading import Event

from app.access import Caller
from app.answer.events import Finished
from app.db import parsed_texts
from app.db.parsed_texts import PageSpan
from app.domain import Document, Question
from app.errors import NotFound, Rejected
from app.operations import answers, assistants, documents, tools
from app.services import Services
from app.web.mcp.shapes import (
    MOST_CHARACTERS,
    AskArguments,
    AskGiven,
    DocumentArguments,
    DocumentGiven,
    Found,
    KnowledgeBaseGiven,
    KnowledgeBasesGiven,
    SearchArguments,
    SearchGiven,
)


def search(taken: SearchArguments, caller: Caller, services: Services) -> SearchGiven:
    """The best passages. Sync: call it in a thread. Raises NotFound, EngineUnavailable."""
    services.require_ready()
    access = caller.access.narrowed_to(taken.knowledge_bases)
    return SearchGiven(passages=[Found.of(each) for each in services.search(taken.query, access=access, k=taken.k)])


async def ask(taken: AskArguments, caller: Caller, services: Services) -> AskGiven:
    """A cited answer, written down like those of the API. Raises NotFound, EngineUnavailable, GenerationTimeout.

    Nobody is here to say yes: what would leave the machine is not done.
    """
    services.require_ready()
    access = caller.access.narrowed_to(taken.knowledge_bases)
    assisted = await asyncio.to_thread(assistants.assist, taken.assistant, access, services)
    toolbox = await asyncio.to_thread(tools.open_toolbox, assisted, caller, services)
    cancelled = Event()
    events = answers.recorded(
        services.answer(
            Question(taken.question),
            access=assisted.access,
            cancelled=cancelled,
            options=assisted.options,
            tools=toolbox,
        ),
        caller=caller,
        access=assisted.access,
        face=answers.face_of(caller),
        services=services,
    )
    try:
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, Finished):
                    return AskGiven.of(event.answer)
    finally:
        # Whoever asked may have gone: the model need not write on.
        cancelled.set()
    raise AssertionError("the answer line ends with Finished")


def get_document(taken: DocumentArguments, caller: Caller, services: Services) -> DocumentGiven:
    """A part of a document's text. Sync: call it in a thread.

    Raises NotFound, also for a document that the caller may not read; Rejected for a part that cannot be.
    """
    document = documents.get_readable(taken.document_id, caller, services)
    with services.database.read() as session:
        text = parsed_texts.get_text(session, document.version_id)
        pages = parsed_texts.page_spans(session, document.version_id)
    start, end = _part(taken, document, pages, len(text))
    cut = min(end, start + MOST_CHARACTERS)
    return DocumentGiven(
        document_id=document.id,
        document=document.name,
        pages=len(pages),
        characters=len(text),
        start=start,
        end=cut,
        next_start=cut if cut < end else None,
        text=text[start:cut],
    )


def list_knowledge_bases(caller: Caller) -> KnowledgeBasesGiven:
    """Those that the caller may read, by name."""
    named = sorted(caller.access.readable.items())
    return KnowledgeBasesGiven(
        knowledge_bases=[KnowledgeBaseGiven(name=name, role=str(base.role)) for name, base in named]
    )


def _part(taken: DocumentArguments, document: Document, pages: list[PageSpan], length: int) -> tuple[int, int]:
    """The characters that are asked for: by pages, by characters, or all of them."""
    by_pages = taken.from_page is not None or taken.to_page is not None
    if by_pages and (taken.start is not None or taken.end is not None):
        raise Rejected("Ask by pages or by characters, not by both. Nothing was read.")
    if by_pages:
        return _pages_part(taken, document, pages)
    start, end = taken.start or 0, length if taken.end is None else min(taken.end, length)
    if start > end or (start == length and length):
        raise Rejected(f"The text has {length} characters, so none lies between {start} and {end}. Nothing was read.")
    return start, end


def _pages_part(taken: DocumentArguments, document: Document, pages: list[PageSpan]) -> tuple[int, int]:
    first = taken.from_page or 1
    last = taken.to_page or first
    wanted = [page for page in pages if first <= page.number <= last]
    if not pages:
        raise Rejected(f"{document.name} has no pages; ask with start and end. Nothing was read.")
    if not wanted:
        raise NotFound(f"{document.name} has no pages {first} to {last}; it has {len(pages)}.")
    return wanted[0].start, wanted[-1].end
