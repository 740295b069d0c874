"""What the panel is told of an answer: words and quotes to show, and no id by which a document could be asked for."""

import json
from collections.abc import AsyncIterator
from typing import Any

from app.answer.events import AnswerEvent, Checked, Finished, Piece
from app.domain import Answer, Citation
from app.errors import CloisterError
from app.web.api.models.conversation import GroundsModel


async def as_event_stream(events: AsyncIterator[AnswerEvent], visit: str) -> AsyncIterator[str]:
    """Events `piece`, `checked`, `answer` (with the pass for the next question), or `error` at the end."""
    try:
        async for event in events:
            match event:
                case Piece(text):
                    yield write_event("piece", {"text": text})
                case Checked(text, pending, _, _):
                    yield write_event("checked", {"text": text, "pending": pending})
                case Finished(answer):
                    yield write_event("answer", {**_answer(answer), "visit": visit})
    except CloisterError:  # its words are for the people of the house
        yield write_event("error", {"what": "failed"})


def write_event(name: str, data: object) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _answer(answer: Answer) -> dict[str, Any]:
    text_by_rank = {passage.rank: passage.full_text for passage in answer.passages}
    doubts = [each for each in answer.statements if not each.is_verified]
    return {
        "text": answer.text,
        "abstained": answer.abstained,
        "citations": [_citation(each, text_by_rank.get(each.n, each.quote)) for each in answer.citations],
        "doubts": [{"text": answer.text[each.start : each.end], "missing": list(each.missing)} for each in doubts],
        # Sent back with the next question, so that a follow-up need not be searched for anew.
        "grounds": GroundsModel.of(answer.grounds).model_dump() if answer.grounds else None,
    }


def _citation(citation: Citation, passage: str) -> dict[str, Any]:
    return {
        "n": citation.n,
        "document": citation.document,
        "page": citation.page,
        "quote": citation.quote,
        "verified": citation.verified,
        "passage": passage,
    }
