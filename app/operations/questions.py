"""Questions whose answers are known: importing, writing, approving and removing them."""

from dataclasses import dataclass

from app.access import Caller
from app.db import documents, parsed_texts, questions
from app.domain import AskedQuestion, Deed, MemberRole
from app.errors import NotFound, Rejected
from app.lab.measure import find_evidence, place_all
from app.lab.question_files import read_questions
from app.operations.documents import get_readable
from app.operations.note import note
from app.services import Services

MOST_BYTES = 10 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """How many questions were kept, and a sentence for each that was not."""

    kept: int
    refused: tuple[str, ...]


def list_of(knowledge_base_id: str, caller: Caller, services: Services) -> list[AskedQuestion]:
    """The questions by which chunking is measured, proposed ones included. Raises NotFound, Forbidden."""
    caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        return questions.list_of(session, knowledge_base_id)


def import_file(knowledge_base_id: str, content: bytes, caller: Caller, services: Services) -> Imported:
    """Keep the questions of a CSV file whose quotes are found. Raises NotFound, Forbidden, Rejected."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    if len(content) > MOST_BYTES:
        raise Rejected(f"A question set has at most {MOST_BYTES >> 20} MiB; split the file.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Rejected("The file is no text in UTF-8; save it as “CSV UTF-8”.") from exc
    with services.database.write() as session:
        id_by_name = {each.name: each.id for each in documents.list_documents(session, [base.id])}
        read = read_questions(text, id_by_name)
        placed = place_all(read.questions, lambda document_id: parsed_texts.find_text(session, document_id))
        found = [each for each, place in zip(read.questions, placed, strict=True) if place]
        questions.put(session, base.id, found, created_by=caller.id)
    absent = [
        f"“{each.text}”: its quote stands in no place of the document." for each in read.questions if each not in found
    ]
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(found)} imported")
    return Imported(len(found), (*read.refused, *absent))


def add(knowledge_base_id: str, question: AskedQuestion, caller: Caller, services: Services) -> None:
    """Keep one question. Raises NotFound, Forbidden; Rejected where its quote is not in the document."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    if not question.text.strip() or not question.quote.strip():
        raise Rejected("A question needs its words, and the words of the document that answer it.")
    document = get_readable(question.document_id, caller, services)
    if document.knowledge_base_id != base.id:
        raise NotFound(f"There is no document {question.document_id} in this knowledge base.")
    with services.database.write() as session:
        if find_evidence(question, parsed_texts.find_text(session, document.id)) is None:
            raise Rejected(
                "These words do not stand in the document in a row; copy them from its text, without changes."
            )
        questions.put(session, base.id, [question], created_by=caller.id)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail="1 written")


def approve(knowledge_base_id: str, ids: list[str], caller: Caller, services: Services) -> None:
    """Let proposed questions measure. Raises NotFound, Forbidden."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.write() as session:
        questions.approve(session, base.id, ids)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(ids)} approved")


def remove(knowledge_base_id: str, ids: list[str], caller: Caller, services: Services) -> None:
    """Forget questions. Raises NotFound, Forbidden."""
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.write() as session:
        for id in ids:
            questions.remove(session, base.id, id)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(ids)} removed")
