"""Writing down how answers went, whatever face they were given through, and forgetting it again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.access import Access, Caller
from app.answer.events import AnswerEvent, Finished
from app.db import answers, jobs
from app.db.columns import utc_now
from app.domain import Answer, AnswerFace, CallEnded, GivenAnswer
from app.domain.answers import first_word_ms, search_ms
from app.operations.answer_counts import counted
from app.services import Services

log = logging.getLogger("cloister")
DAY_S: Final = 24 * 60 * 60.0


async def recorded(
    events: AsyncIterator[AnswerEvent],
    *,
    caller: Caller,
    access: Access,
    face: AnswerFace,
    services: Services,
    step_id: str | None = None,
) -> AsyncIterator[AnswerEvent]:
    """The events of an answer as they come. Before the last one its row is written, and it is told what was missing.

    A question that was stopped or failed was given no answer: it leaves no row. `access` is what was searched.
    """
    calls = 0
    with services.in_hand.one(), counted() as outcome:
        async with aclosing(events) as line:  # type: ignore[type-var]
            async for event in line:
                calls += isinstance(event, CallEnded)
                if isinstance(event, Finished):
                    event = Finished(await asyncio.to_thread(_complete, event.answer, access, services))
                    given = _given(event.answer, access, face, step_id, calls)
                    outcome.note(given)
                    await asyncio.to_thread(_record, given, caller, services)
                yield event


def face_of(caller: Caller) -> AnswerFace:
    """Through what a call of the API came."""
    return AnswerFace.COMMAND_LINE if caller.is_local else AnswerFace.API


def forget_old(services: Services) -> None:
    """Remove what was kept long enough; all of it, where nothing is to be kept."""
    before = utc_now() - timedelta(days=services.settings.insight.keep_days)
    with services.database.write() as session:
        answers.forget_before(session, before)


async def forget_daily(services: Services) -> None:
    """Remove it now and once a day, until cancelled."""
    while True:
        try:
            await asyncio.to_thread(forget_old, services)
        except SQLAlchemyError as exc:  # a database that is away now is asked again tomorrow
            log.error("Old rows of the answer log could not be removed: %s", type(exc).__name__)
        await asyncio.sleep(DAY_S)


def _complete(answer: Answer, access: Access, services: Services) -> Answer:
    """With how many documents could not be found yet."""
    with services.database.read() as session:
        waiting = jobs.count_on_their_way(session, [base.id for base in access.readable.values()])
    return replace(answer, on_their_way=waiting)


def _given(answer: Answer, access: Access, face: AnswerFace, step_id: str | None, calls: int) -> GivenAnswer:
    return GivenAnswer(
        at=utc_now(),
        face=face,
        knowledge_base_ids=frozenset(base.id for base in access.readable.values()),
        step_id=step_id,
        is_abstained=answer.abstained,
        is_computed=answer.table is not None,
        citations=len(answer.citations),
        retrieve_ms=search_ms(answer.timings_ms),
        first_token_ms=first_word_ms(answer.timings_ms),
        total_ms=answer.timings_ms.get("total", 0.0),
        model=answer.model,
        calls=calls,
        suspicious=sum(passage.is_suspicious for passage in answer.passages),
    )


def _record(given: GivenAnswer, caller: Caller, services: Services) -> None:
    if not services.settings.insight.keep_days:
        return
    try:
        with services.database.write() as session:
            answers.record(session, given, person_id=caller.id)
    except SQLAlchemyError as exc:  # the answer itself is there, and worth more than its row
        log.error("An answer could not be written down: %s", type(exc).__name__)
