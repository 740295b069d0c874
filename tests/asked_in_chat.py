"""Questions as a chat keeps them, without a chat."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import uuid4

from app.db import answers, chats
from app.db.chat_tables import chat_feedbacks
from app.db.chats import ANSWER, FACE, PASSAGES, QUOTED_DOCUMENTS
from app.db.columns import utc_now
from app.domain import AnswerFace, GivenAnswer, ShownPassage
from app.services import Services

TEXT = "Every parent receives 70 days."


def shown(document_id: str, quote: str = TEXT) -> ShownPassage:
    return ShownPassage(document_id, f"{document_id}.md", 3, quote, is_cited=True)


def ask(
    services: Services,
    question: str,
    *,
    bases: Collection[str],
    passages: Sequence[ShownPassage] = (),
    is_abstained: bool = False,
    thumb: bool | None = None,
    comment: str = "",
    at: datetime | None = None,
    total_ms: float = 400.0,
) -> str:
    """Store a question, its search and its answer in a thread of their own; returns the answer's step."""
    thread, run, asked, search, answer = (str(uuid4()) for _ in range(5))
    documents = sorted({each.document_id for each in passages})
    face = {"question": asked, "search": search}
    steps = (
        (run, None, "run", "", {}),
        (asked, run, "user_message", question, {}),
        (search, run, "tool", "Found", {QUOTED_DOCUMENTS: documents, PASSAGES: [asdict(each) for each in passages]}),
        (answer, run, "assistant_message", TEXT, {ANSWER: TEXT, QUOTED_DOCUMENTS: documents, FACE: face}),
    )
    given = GivenAnswer(
        at=at or utc_now(),
        face=AnswerFace.CHAT,
        knowledge_base_ids=frozenset(bases),
        step_id=answer,
        is_abstained=is_abstained,
        is_computed=False,
        citations=len(passages),
        retrieve_ms=20.0,
        first_token_ms=90.0,
        total_ms=total_ms,
    )
    with services.database.write() as session:
        for id, parent, kind, output, metadata in steps:
            row = {"id": id, "threadId": thread, "parentId": parent, "type": kind, "output": output}
            chats.save_step(session, {**row, "name": kind, "streaming": False, "metadata": metadata})
        if thumb is not None:
            vote = {"id": str(uuid4()), "forId": run, "threadId": thread, "value": int(thumb), "comment": comment}
            chats.save_row(session, chat_feedbacks, vote)
        answers.record(session, given, person_id="ben")
    return answer
