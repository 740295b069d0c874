"""Questions proposed to measure by: nothing of them counts before a person has approved it."""

from string import Template

from app.access import Caller
from app.db import chats, documents, parsed_texts, passages, questions
from app.domain import AskedQuestion, Deed, MemberRole, QuestionOrigin
from app.errors import Rejected
from app.lab import propose
from app.lab.measure import place_all
from app.operations.note import note
from app.services import Services

# Documents that one press of the button reads, at most.
MOST_DOCUMENTS = 400
# Too little text to ask anything about.
FEWEST_TOKENS = 60


def is_model_weak(services: Services) -> bool:
    """Whether the language model is one for which the settings advise excerpts: small, and no good at writing
    questions.
    """
    return services.settings.answer.evidence == "excerpts"


def by_rule(knowledge_base_id: str, count: int, caller: Caller, services: Services) -> int:
    """Propose at most `count` questions made from sentences of the documents; returns how many are new.

    Raises NotFound, Forbidden.
    """
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.read() as session:
        known = {each.text for each in questions.list_of(session, base.id)}
        stored = documents.list_documents(session, [base.id])[:MOST_DOCUMENTS]
        found = [
            propose.by_rule(
                each.id, each.title or each.name, parsed_texts.get_text(session, each.version_id), each.language
            )
            for each in stored
        ]
    return _keep(base.id, propose.take_evenly(found, count, known), caller, services)


def next_by_model(knowledge_base_id: str, tried: int, caller: Caller, services: Services) -> bool:
    """Ask the language model for a question about one more passage; `tried`: how many were tried before.

    Whether a new question came of it. Raises NotFound, Forbidden, EngineUnavailable; Rejected where there is nothing
    left to read.
    """
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    services.require_ready()
    with services.database.read() as session:
        found = passages.find_nth(session, base.generation_id, tried, fewest_tokens=FEWEST_TOKENS)
        known = {each.text for each in questions.list_of(session, base.id)}
    if found is None:
        raise Rejected("The language model has read all passages that are long enough; there is nothing more to ask.")
    template = Template((services.settings.answer.prompts / "propose.md").read_text(encoding="utf-8"))
    with services.generator.borrow() as generator:
        made = propose.by_model(found.document_id, found.text, generator, template)
    if made is None or made.text in known:
        return False
    return _keep(base.id, [made], caller, services) > 0


def from_chats(knowledge_base_id: str, caller: Caller, services: Services) -> int:
    """Propose the questions of chats whose answers were called helpful, with what those cited; returns how many.

    Only of answers that cite documents of this knowledge base alone. Raises NotFound, Forbidden; Rejected where the
    settings keep questions from admins.
    """
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    if not services.settings.insight.shows_questions:
        raise Rejected("The settings keep chats from admins (insight.shows_questions), so no question was taken.")
    with services.database.read() as session:
        known = {each.text for each in questions.list_of(session, base.id)}
        ids = set(documents.list_ids(session, base.id))
        rated = [each for each in chats.list_helpful(session) if {id for id, _, _ in each.cited} <= ids]
        asked = {}
        for each in rated:
            id, start, end = each.cited[0]
            quote = (parsed_texts.find_text(session, id) or "")[start:end]
            asked[each.question] = AskedQuestion(
                each.question, id, " ".join(quote.split()), origin=QuestionOrigin.CHAT, is_approved=False
            )
    return _keep(base.id, [each for text, each in asked.items() if text not in known], caller, services)


def _keep(knowledge_base_id: str, made: list[AskedQuestion], caller: Caller, services: Services) -> int:
    if not made:
        return 0
    base = caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    with services.database.write() as session:
        placed = place_all(made, lambda document_id: parsed_texts.find_text(session, document_id))
        sound = [each for each, place in zip(made, placed, strict=True) if place]
        questions.put(session, knowledge_base_id, sound, created_by=caller.id)
    note(services, caller, Deed.QUESTIONS_CHANGE, base=base, detail=f"{len(sound)} proposed")
    return len(sound)
