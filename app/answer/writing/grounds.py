"""Note what an answer was written from, without a word of it."""

from collections.abc import Collection, Sequence

from app.answer.writing.prompt import Prompt
from app.db import versions
from app.db.session import Database
from app.domain import Citation, Grounds


def note_grounds(prompt: Prompt, citations: Sequence[Citation], database: Database) -> Grounds:
    """The grounds of the answer to a prompt. Sync: call it in a thread.

    An answer may repeat what stood in earlier turns: what those were written from is noted with it. What was read on
    the web is not: it is kept nowhere, and is not there to be read again.
    """
    documents = {each.passage.document_id for each in prompt.evidence} | {each.document_id for each in citations}
    versions = _versions(documents, database)
    versions.update(version for turn in prompt.turns for version in turn.grounds.versions)
    references = tuple(each.reference for each in prompt.evidence if each.is_whole and not each.passage.is_web)
    return Grounds(tuple(sorted(versions)), references, prompt.earlier)


def note_documents(document_ids: Collection[str], database: Database) -> Grounds:
    """The grounds of an answer that was computed from these documents. Sync: call it in a thread."""
    return Grounds(tuple(sorted(_versions(document_ids, database))))


def _versions(document_ids: Collection[str], database: Database) -> set[str]:
    with database.read() as session:
        return versions.active_versions(session, document_ids)
