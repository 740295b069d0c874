"""The turns before a question, with what each was answered from, read again as the asker may read it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.access import Access
from app.answer.writing.evidence import Evidence
from app.db import passages
from app.db import versions as version_rows
from app.db.passages import Place
from app.db.session import Database
from app.domain import Grounds, Message, Passage, Reference, Role

# Turns that are looked at, and how many fall away together when there are more: in between, prompts begin the same.
MAX_TURNS = 20
STEP = 10
NO_GROUNDS = Grounds()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer, with what it was written from.

    `answer` is empty where there was none, and where something that its words may come from is gone or may not be read.
    `evidence` is that of `grounds`, with its words; empty where they are not there any more just as they were.
    `image` and `image_text` are those of the question.
    `results`: what tools gave besides passages, for the last turn only.
    """

    question: str
    answer: str = ""
    grounds: Grounds = NO_GROUNDS
    evidence: tuple[Evidence, ...] = ()
    image: bytes | None = field(default=None, repr=False)
    image_text: str = field(default="", repr=False)
    results: str = ""


def restore_turns(history: Sequence[Message], *, database: Database, access: Access) -> list[Turn]:
    """The last turns of a conversation, oldest first, with their evidence read anew. Sync: call it in a thread."""
    turns = _last(_pair(history))
    versions = {version for turn in turns for version in turn.grounds.versions}
    if not versions:
        return turns
    knowledge_bases = [base.id for base in access.readable.values()]
    with database.read() as session:
        readable = version_rows.readable_versions(session, versions, knowledge_bases)
        restored = [turn if readable.issuperset(turn.grounds.versions) else replace(turn, answer="") for turn in turns]
        wanted = {_place(reference) for turn in restored if turn.answer for reference in turn.grounds.references}
        found = passages.load_spans(session, wanted, knowledge_bases)
    return [replace(turn, evidence=_read_evidence(turn.grounds.references, found)) for turn in restored]


def usable_history(turns: Sequence[Turn]) -> list[Message]:
    """The turns as messages, without answers that may not be read."""
    said = ((Message(Role.USER, turn.question), Message(Role.ASSISTANT, turn.answer)) for turn in turns)
    return [message for pair in said for message in pair if message.text]


def _read_evidence(references: Sequence[Reference], found: Mapping[Place, Passage]) -> tuple[Evidence, ...]:
    read = ((reference, found.get(_place(reference))) for reference in references)
    whole = tuple(Evidence(passage, passage.full_text, reference.n) for reference, passage in read if passage)
    return whole if len(whole) == len(references) else ()


def _pair(history: Sequence[Message]) -> list[Turn]:
    """The conversation cut before each question, so that no answer stands without what it answers."""
    turns: list[Turn] = []
    for message in history:
        if message.role is Role.USER:
            turns.append(Turn(message.text, image=message.image, image_text=message.image_text))
        elif turns:
            last = turns[-1]
            text = f"{last.answer}\n{message.text}".strip()
            turns[-1] = replace(last, answer=text, grounds=message.grounds or last.grounds)
    return turns


def _last(turns: list[Turn]) -> list[Turn]:
    beyond = max(0, len(turns) - MAX_TURNS)
    return turns[-(-beyond // STEP) * STEP :]


def _place(reference: Reference) -> Place:
    return reference.document_id, reference.start, reference.end
