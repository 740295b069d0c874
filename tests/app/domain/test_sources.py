"""How it is with a source."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain import Schedule, Source, SourceKind, Standing

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SOURCE = Source(
    id="s",
    kind=SourceKind.SITE,
    location="https://wiki.example/",
    knowledge_base="Wiki",
    knowledge_base_id="b",
    schedule=Schedule("0 2 * * *"),
    is_paused=False,
    created_by="local",
    created_at=NOW,
    checked_at=None,
    error=None,
    failures=0,
    retry_at=None,
    site=None,
    signs_in=False,
)
FAILED = replace(SOURCE, error="It does not answer.", failures=1, retry_at=NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("source", "is_at_work", "standing"),
    [
        (SOURCE, False, Standing.SCHEDULED),
        (replace(SOURCE, schedule=Schedule("")), False, Standing.ASKED),
        (FAILED, False, Standing.WAITING),
        (replace(FAILED, retry_at=NOW), False, Standing.FAILED),
        (replace(FAILED, schedule=Schedule("")), False, Standing.FAILED),
        (replace(FAILED, is_paused=True), False, Standing.PAUSED),
        (replace(FAILED, is_paused=True), True, Standing.VISITING),
    ],
)
def test_a_source_stands_in_one_way_at_a_time(source: Source, is_at_work: bool, standing: Standing) -> None:
    assert source.stand(NOW, is_at_work=is_at_work) is standing
