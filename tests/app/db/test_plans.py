"""Queries of a search must not begin with all there is: on two cores every scan of 100,000 rows is felt."""

import numpy as np
from sqlalchemy import event

from app.db import passages
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
