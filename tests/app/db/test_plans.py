"""Queries of a search must not begin with all there is: on two cores every scan of 100,000 rows is felt."""

from collections.abc import Callable

import numpy as np
from sqlalchemy import event
from sqlmodel import Session

from app.db import chunks, documents, flags, job_lists, passages, statistics
from app.domain import Hit
from app.services import Services


def test_a_search_looks_chunks_up_by_their_ids_and_scans_nothing(services: Services) -> None:
    asked: list[tuple[str, object]] = []
    with services.database.read() as session:
        engine = session.get_bind()

        def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", note)
        try:
            passages.load_candidates(
                session,
                [Hit(f"chunk-{n}", "document", "generation", 1.0) for n in range(100)],
                np.zeros(64, dtype=np.float32),
                model_id="word-hash",
            )
        finally:
            event.remove(engine, "before_cursor_execute", note)
        (statement, parameters), *_ = [each for each in asked if each[0].startswith("SELECT")]
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan[0].startswith("SEARCH chunk USING INDEX ix_chunk_chunk_id")
    assert not [step for step in plan if step.startswith("SCAN") or "AUTOMATIC" in step]


def plan_of(services: Services, ask: Callable[[Session], object]) -> list[str]:
    """How the database goes about the queries of a function, in its own words."""
    asked: list[tuple[str, object]] = []
    with services.database.read() as session:
        engine = session.get_bind()

        def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", note)
        try:
            ask(session)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        selects = [each for each in asked if each[0].startswith("SELECT")]
        explained = [
            session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for statement, parameters in selects
        ]
        return [row[3] for rows in explained for row in rows]


def test_what_a_question_and_a_list_add_up_of_documents_is_read_from_one_index(services: Services) -> None:
    bases = [f"base-{n}" for n in range(300)]
    asks: tuple[Callable[[Session], object], ...] = (
        lambda session: chunks.languages(session, bases),
        lambda session: statistics.count_documents(session, bases),
        lambda session: documents.count_documents(session, bases),
    )
    for ask in asks:
        plan = plan_of(services, ask)
        assert plan[0].startswith("SEARCH document USING COVERING INDEX ix_document_answering"), plan
        assert not [step for step in plan if step.startswith("SCAN document")], plan


def test_flags_and_the_first_documents_of_jobs_are_looked_up_and_not_searched_for(services: Services) -> None:
    flagged = plan_of(services, lambda session: flags.list_shown(session, "base", are_open=True, limit=50))
    assert not [step for step in flagged if step.startswith("SCAN")], flagged
    assert any(step.startswith("SEARCH document USING INDEX sqlite_autoindex_document_1 (id=?)") for step in flagged)
    first = plan_of(services, lambda session: job_lists.first_names(session, ["a", "b"]))
    assert any("ix_job_item_job_id_position" in step for step in first), first
