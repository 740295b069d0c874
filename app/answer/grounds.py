"""Note what an answer was written from, without a word of it."""

from collections.abc import Sequence

from app.answer.prompt import Prompt
from app.db import spans
from app.db.session import Database
from app.domain import Citation, Grounds


def note_grounds(prompt: Prompt, citations: Sequence[Citation], database: Database) -> Grounds:
    """The grounds of the answer to a prompt. Sync: call it in a thread.

    An answer may repeat what stood in earlier turns: what those were written from is noted with it.
    """
    documents = {each.passage.document_id for each in prompt.evidence} | {each.document_id for each in citations}
    with database.read() as session:
        versions = spans.active_versions(session, documents)
    versions.update(version for turn in prompt.turns for version in turn.grounds.versions)
    references = tuple(each.reference for each in prompt.evidence if each.is_whole)
    return Grounds(tuple(sorted(versions)), references, prompt.earlier)
