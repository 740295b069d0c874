"""Every answer leaves a row, whatever it was given through; its words are in none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from app.access import LOCAL_PERSON_ID, Access, Caller
from app.answer.events import AnswerEvent, Finished, Piece, Retrieved
from app.db import answers as stored
from app.db import jobs, people
from app.db.answers import AnswerFilter
from app.db.columns import utc_now
from app.db.people_tables import Person
from app.domain import Answer, AnswerFace, FoundFile, GivenAnswer, KnowledgeBase
from app.errors import EngineUnavailable
from app.operations import answers
from app.services import Services
from app.settings import load_settings
from tests.taking_in import open_base

TIMINGS = {"condense": 1.0, "retrieve": 20.0, "rerank": 3.0, "prompt": 6.0, "first_token": 70.0, "total": 400.0}
ABSTAINED = Answer("Not found.", (), (), abstained=True, timings_ms={"retrieve": 12.0, "total": 30.0})


def caller_of(services: Services, *, is_local: bool = False) -> Caller:
    with services.database.read() as session:
        access = people.get_access(session, Person(id="ada", name="Ada", is_admin=True))
    return Caller(LOCAL_PERSON_ID if is_local else "ada", "Ada", True, access, is_local)


def rows(services: Services) -> list[GivenAnswer]:
    with services.database.read() as session:
        return stored.list_given(session, AnswerFilter(utc_now() - timedelta(days=10_000), None))


def pass_on(services: Services, *events: AnswerEvent | Exception, takes: int = 99) -> list[AnswerEvent]:
    """What a face gets that stops after so many events."""
    caller = caller_of(services)

    async def line() -> AsyncIterator[AnswerEvent]:
        for event in events:
            if isinstance(event, Exception):
                raise event
            yield event

    async def run() -> list[AnswerEvent]:
        got: list[AnswerEvent] = []
        recorded = answers.recorded(
            line(), caller=caller, access=caller.access, face=AnswerFace.CHAT, services=services, step_id="step"
        )
        async with aclosing(recorded) as stream:  # type: ignore[type-var]
            async for event in stream:
                got.append(event)
                if len(got) == takes:
                    break
        return got

    return asyncio.run(run())


def begin_job(services: Services, base: KnowledgeBase, count: int, *, generation_id: str | None = None) -> str:
    files = [FoundFile(f"{n}.md", f"/{n}.md", f"hash{n}", 9) for n in range(count)]
    with services.database.write() as session:
        return jobs.create_job(
            session, knowledge_base_id=base.id, requested_by="ada", files=files, generation_id=generation_id
        )


def test_an_answer_tells_how_many_documents_it_could_not_know_of_yet(services: Services) -> None:
    here, there = open_base(services), open_base(services, "Elsewhere")
    begin_job(services, here, 2)
    begin_job(services, there, 3)
    begin_job(services, here, 5, generation_id=here.generation_id)  # cut anew: they answer meanwhile
    over = begin_job(services, here, 7)
    with services.database.write() as session:
        jobs.finish_job(session, over, error=None)
    (said,) = pass_on(services, Finished(ABSTAINED))
    assert isinstance(said, Finished)
    assert said.answer.on_their_way == 5
    with services.database.read() as session:
        assert jobs.count_on_their_way(session, [there.id]) == 3


def test_an_answer_is_passed_on_and_leaves_how_it_went(services: Services) -> None:
    base = open_base(services)
    finished = Finished(Answer("Secret words.", (), (), abstained=False, timings_ms=TIMINGS))
    assert pass_on(services, Retrieved(()), Piece("Secret"), finished) == [Retrieved(()), Piece("Secret"), finished]
    (row,) = rows(services)
    assert (row.face, row.step_id, row.knowledge_base_ids) == (AnswerFace.CHAT, "step", {base.id})
    assert (row.is_abstained, row.is_computed, row.citations) == (False, False, 0)
    assert (row.retrieve_ms, row.first_token_ms, row.total_ms) == (24.0, 100.0, 400.0)
    assert "Secret" not in str(row)


def test_a_face_that_stops_listening_at_the_answer_has_left_a_row(services: Services) -> None:
    pass_on(services, Finished(ABSTAINED), takes=1)
    (row,) = rows(services)
    assert (row.is_abstained, row.first_token_ms) == (True, 0.0)


def test_what_was_stopped_or_failed_is_no_answer_and_leaves_none(services: Services) -> None:
    pass_on(services, Retrieved(()), Piece("One"), Finished(ABSTAINED), takes=2)
    with pytest.raises(EngineUnavailable):
        pass_on(services, Retrieved(()), EngineUnavailable("away"))
    assert rows(services) == []


def test_whoever_holds_this_machines_key_is_its_command_line(services: Services) -> None:
    assert answers.face_of(caller_of(services, is_local=True)) is AnswerFace.COMMAND_LINE
    assert answers.face_of(caller_of(services)) is AnswerFace.API


def keep(services: Services, days: int) -> None:
    services.settings = load_settings({"data_dir": services.settings.data_dir, "insight": {"keep_days": days}})


def put(services: Services, *ages_days: float) -> None:
    given = GivenAnswer(utc_now(), AnswerFace.API, frozenset(), None, False, False, 1, 1.0, 1.0, 1.0)
    with services.database.write() as session:
        for age in ages_days:
            stored.record(session, replace(given, at=utc_now() - timedelta(days=age)), person_id="ada")


def test_rows_are_forgotten_once_they_were_kept_long_enough(services: Services) -> None:
    put(services, 0, 29, 31, 500)
    keep(services, 30)
    answers.forget_old(services)
    assert len(rows(services)) == 2


def test_nothing_is_kept_where_nothing_is_to_be_kept(services: Services) -> None:
    put(services, 0, 3)
    keep(services, 0)
    pass_on(services, Finished(ABSTAINED))
    answers.forget_old(services)
    assert rows(services) == []


def test_old_rows_go_when_the_service_starts(services: Services) -> None:
    put(services, 0, 900)

    async def start() -> None:
        daily = asyncio.create_task(answers.forget_daily(services))
        while len(rows(services)) > 1:
            await asyncio.sleep(0)
        daily.cancel()

    asyncio.run(asyncio.wait_for(start(), 20))
    assert len(rows(services)) == 1


def test_only_answers_that_searched_nothing_else_are_somebodys(services: Services) -> None:
    sets: list[set[str]] = [{"a"}, {"a", "b"}, {"b"}, set()]
    put(services)
    given = GivenAnswer(utc_now(), AnswerFace.API, frozenset(), None, False, False, 1, 1.0, 1.0, 1.0)
    with services.database.write() as session:
        for ids in sets:
            stored.record(session, replace(given, knowledge_base_ids=frozenset(ids)), person_id="ada")

    def found(within: set[str] | None, searched: str = "") -> list[set[str]]:
        with services.database.read() as session:
            wanted = AnswerFilter(utc_now() - timedelta(1), frozenset(within) if within is not None else None, searched)
            return sorted((set(each.knowledge_base_ids) for each in stored.list_given(session, wanted)), key=sorted)

    assert found(None) == sorted(sets, key=sorted)
    assert found({"a"}) == [{"a"}]
    assert found({"a", "b"}) == [{"a"}, {"a", "b"}, {"b"}]
    assert found(None, "b") == [{"a", "b"}, {"b"}]
    assert found({"a"}, "b") == []
    assert found(set()) == []


def test_a_row_has_no_place_for_words() -> None:
    kinds: dict[str, Any] = {field.name: field.type for field in fields(GivenAnswer)}
    assert {name for name, kind in kinds.items() if "str" in str(kind)} == {"knowledge_base_ids", "step_id", "model"}


def test_access_is_what_was_searched_and_not_all_that_may_be_read(services: Services) -> None:
    mine, _other = open_base(services, "Mine"), open_base(services, "Other")
    access: Access = caller_of(services).access.narrowed_to(["Mine"])

    async def line() -> AsyncIterator[AnswerEvent]:
        yield Finished(ABSTAINED)

    async def run() -> None:
        recorded = answers.recorded(
            line(), caller=caller_of(services), access=access, face=AnswerFace.API, services=services
        )
        async for _ in recorded:
            pass

    asyncio.run(run())
    assert rows(services)[0].knowledge_base_ids == {mine.id}
