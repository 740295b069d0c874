"""Submissions: files that readers hand in, and what editors make of them.

Nothing of a waiting file is in the index or in the tables of texts: it is a file that somebody may look at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from app.access import Caller, ReadableKnowledgeBase
from app.answer.text.instructions import reads_like_instructions
from app.db import submissions
from app.db.submissions import Submission
from app.domain import Deed, FlagPlace, FoundFile, FoundFlag, MemberRole, ParsedDocument
from app.errors import NotFound, Rejected
from app.operations.documents import measure, refuse_without_room
from app.operations.note import note
from app.services import Services
from ingest.flagging import look_at_text
from ingest.sources.upload import UPLOAD_PREFIX, store_upload
from ingest.store import remove_unused_files, require_stored, settling_files

MOST_WAITING: Final = 20
MOST_SHOWN: Final = 200
LONGEST_REASON: Final = 1_000
# Of a text that is looked at before it is accepted; the whole file can be downloaded.
PREVIEW: Final = 20_000
LONGEST_QUOTE: Final = 300


@dataclass(frozen=True, slots=True)
class NotedPlace:
    """A place of a flag, and the words that stand there, cut where they are long."""

    place: FlagPlace
    words: str


@dataclass(frozen=True, slots=True)
class NotedFlag:
    """A flag of a file that waits, with its words."""

    flag: FoundFlag
    places: Sequence[NotedPlace]


@dataclass(frozen=True, slots=True)
class Preview:
    """What is in a file that waits. `trouble`: why it cannot be read. `is_cut`: the text goes on."""

    text: str
    pages: int
    characters: int
    is_cut: bool
    flags: Sequence[NotedFlag]
    trouble: str = ""


# --- handing in --------------------------------------------------------------------------------


def list_taking(caller: Caller, services: Services) -> list[str]:
    """The names of the knowledge bases that the caller may hand files in to, the one for uploads before the others."""
    by_id = {base.id: base.name for base in caller.access.readable.values()}
    with services.database.read() as session:
        taking = submissions.list_taking(session, list(by_id))
    usual = services.settings.ingest.knowledge_base
    return sorted((by_id[id] for id in taking), key=lambda name: (name != usual, name))


def hand_in(uploads: Sequence[tuple[str, BinaryIO]], kb: str, caller: Caller, services: Services) -> list[Submission]:
    """Keep files, by name, until an editor has looked at them; what was handed in already is there once.

    Raises NotFound; Rejected where the knowledge base takes none, or too much of the caller's waits already.
    """
    base = caller.access.narrowed_to([kb]).readable[kb]
    _require_taking(base, services)
    refuse_without_room(sum(measure(content) for _, content in uploads), services)
    # The file before its row: a crash in between leaves a file that the next start sweeps away.
    stored = [store_upload(name, content, files=services.files) for name, content in uploads]
    try:
        with settling_files(services.database), services.database.write() as session:
            require_stored(stored, services.files)
            ids = [submissions.put(session, base.id, caller.id, file, most_waiting=MOST_WAITING) for file in stored]
            handed_in = [submissions.get(session, id) for id in dict.fromkeys(ids)]
    except Rejected:
        hashes = [file.content_hash for file in stored]
        remove_unused_files(hashes, database=services.database, files=services.files)
        raise
    for each in handed_in:
        note(services, caller, Deed.SUBMISSION_ADD, base=base, subject_id=each.id, subject=each.name)
    return handed_in


def look_through(id: str, services: Services) -> None:
    """Note what a waiting file would be flagged for. Whoever handed it in need not wait for it.

    Raises UnreadableDocument, EngineUnavailable; one that was decided on meanwhile is no error.
    """
    with services.database.read() as session:
        submission = submissions.get(session, id)
    if submission.state is submissions.SubmissionState.WAITING and submission.flags is None:
        _note_flags(submission, _read(submission, services), services)


def list_mine(caller: Caller, services: Services) -> list[Submission]:
    """What the caller handed in, the newest first, with what became of it."""
    readable = [base.id for base in caller.access.readable.values()]
    with services.database.read() as session:
        return submissions.list_by(session, caller.id, readable, limit=MOST_SHOWN)


# --- deciding ----------------------------------------------------------------------------------


def list_of(knowledge_base_id: str, caller: Caller, services: Services) -> list[Submission]:
    """The submissions of a knowledge base, what waits before all. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.EDITOR)
    with services.database.read() as session:
        return submissions.list_of(session, knowledge_base_id, limit=MOST_SHOWN)


def get_to_decide(id: str, caller: Caller, services: Services) -> Submission:
    """A submission to a knowledge base that the caller edits. Raises NotFound, Forbidden."""
    with services.database.read() as session:
        submission = submissions.get(session, id)
    if not caller.access.may_read(submission.knowledge_base_id):
        raise NotFound(f"There is no submission {id}.")
    caller.access.require(submission.knowledge_base_id, MemberRole.EDITOR)
    return submission


def preview(id: str, caller: Caller, services: Services) -> Preview:
    """Read a waiting file in the sandbox. Nothing of its text is kept. Raises NotFound, Forbidden, Rejected."""
    submission = _get_waiting(id, caller, services)
    try:
        parsed = _read(submission, services)
    except Rejected as exc:
        return Preview("", 0, 0, is_cut=False, flags=(), trouble=str(exc))
    flags = _note_flags(submission, parsed, services)
    noted = [NotedFlag(flag, [_with_words(place, parsed.text) for place in flag.places]) for flag in flags]
    is_cut = len(parsed.text) > PREVIEW
    return Preview(parsed.text[:PREVIEW], len(parsed.pages), len(parsed.text), is_cut, noted)


def file_of(id: str, caller: Caller, services: Services) -> tuple[Path, Submission]:
    """Where a waiting file lies. Raises NotFound, Forbidden, Rejected."""
    submission = _get_waiting(id, caller, services)
    return services.files.path(submission.content_hash), submission


def accept(id: str, caller: Caller, services: Services) -> str:
    """Start the job that takes a waiting file in, for whoever handed it in; returns its id.

    Raises NotFound, Forbidden, EngineUnavailable; Rejected where somebody has decided already.
    """
    services.require_ready()
    submission = get_to_decide(id, caller, services)
    base = caller.access.require(submission.knowledge_base_id, MemberRole.EDITOR)
    job_id = services.ingest().jobs.ingest_files(
        [_found(submission)],
        knowledge_base_id=submission.knowledge_base_id,
        person_id=submission.person_id,
        # In one transaction: what is accepted has its job, and what is refused never gets one.
        note=lambda session, job_id: submissions.accept(session, id, person_id=caller.id, job_id=job_id),
    )
    note(services, caller, Deed.SUBMISSION_ACCEPT, base=base, subject_id=id, subject=submission.name)
    return job_id


def refuse(id: str, reason: str, caller: Caller, services: Services) -> None:
    """Say why a waiting file is not wanted; its content is deleted unless something else uses it.

    Raises NotFound, Forbidden; Rejected without a reason, and where somebody has decided already.
    """
    submission = get_to_decide(id, caller, services)
    base = caller.access.require(submission.knowledge_base_id, MemberRole.EDITOR)
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise Rejected(f"Say why in 1 to {LONGEST_REASON} characters; whoever handed the file in reads it.")
    with services.database.write() as session:
        submissions.refuse(session, id, person_id=caller.id, reason=said)
    remove_unused_files([submission.content_hash], database=services.database, files=services.files)
    note(services, caller, Deed.SUBMISSION_REFUSE, base=base, subject_id=id, subject=submission.name)


def takes(knowledge_base_id: str, caller: Caller, services: Services) -> bool:
    """Whether a knowledge base takes files from its readers. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.EDITOR)
    with services.database.read() as session:
        return bool(submissions.list_taking(session, [knowledge_base_id]))


def switch(knowledge_base_id: str, caller: Caller, services: Services, *, takes: bool) -> None:
    """Let readers hand in files, or no longer. For the admins of a knowledge base. Raises NotFound, Forbidden."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.write() as session:
        submissions.set_taking(session, knowledge_base_id, takes=takes)
    note(services, caller, Deed.SUBMISSIONS_SWITCH, base=base, detail="on" if takes else "off")


def count_waiting(caller: Caller, services: Services) -> dict[str, int]:
    """How many wait for the caller to decide, by knowledge base; none are left out."""
    edited = [base.id for base in caller.access.with_role(MemberRole.EDITOR)]
    with services.database.read() as session:
        return submissions.count_waiting(session, edited)


# --- parts of them -----------------------------------------------------------------------------


def _require_taking(base: ReadableKnowledgeBase, services: Services) -> None:
    """Said before a byte is stored."""
    with services.database.read() as session:
        if not submissions.list_taking(session, [base.id]):
            raise Rejected(f"“{base.name}” takes no files from its readers; ask one of its editors to add yours.")


def _get_waiting(id: str, caller: Caller, services: Services) -> Submission:
    submission = get_to_decide(id, caller, services)
    if submission.state is not submissions.SubmissionState.WAITING:
        raise Rejected(f"“{submission.name}” was {submission.state} already; there is nothing to decide any more.")
    return submission


def _found(submission: Submission) -> FoundFile:
    name = submission.name
    return FoundFile(name, UPLOAD_PREFIX + name, submission.content_hash, submission.size_bytes)


def _read(submission: Submission, services: Services) -> ParsedDocument:
    """What the parser makes of the file; attachments and tables are not looked into."""
    path = services.files.path(submission.content_hash)
    with services.sandbox.parse(
        path, submission.name, depth=0, password=None, report=lambda _done, _total: None, is_cancelled=lambda: False
    ) as parsed:
        return parsed


def _note_flags(submission: Submission, parsed: ParsedDocument, services: Services) -> list[FoundFlag]:
    flags = look_at_text(parsed, reads_like_instructions)
    with services.database.write() as session:
        submissions.note_flags(session, submission.id, flags)
    return flags


def _with_words(place: FlagPlace, text: str) -> NotedPlace:
    return NotedPlace(place, text[place.start : min(place.end, place.start + LONGEST_QUOTE)])
