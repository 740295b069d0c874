"""Who put a cited document in, in words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain import Added, AddedHow, FlagReason
from app.web.chat.provenance import render_provenance, say_added
from app.web.chat.words import ENGLISH, GERMAN
from tests.app.web.chat.test_evidence import citation, passage, shown

AT = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("how", "by", "english", "german"),
    [
        (AddedHow.PERSON, "Anna", "Added by Anna on 3 March 2026", "Hinzugefügt von Anna am 3. März 2026"),
        (
            AddedHow.SITE,
            "wiki.example",
            "From wiki.example, read on 3 March 2026",
            "Von wiki.example, gelesen am 3. März 2026",
        ),
        (AddedHow.LEFT, "", "Added by a person who has left on 3 March 2026", None),
        (AddedHow.MACHINE, "", "Added on this machine on 3 March 2026", None),
        (AddedHow.UNKNOWN, "", "Added on 3 March 2026", None),
    ],
)
def test_each_way_in_has_its_sentence(how: AddedHow, by: str, english: str, german: str | None) -> None:
    added = Added(AT, how, by)
    assert say_added(added, ENGLISH) == english
    if german:
        assert say_added(added, GERMAN) == german


def test_a_name_marks_nothing_up() -> None:
    said = say_added(Added(AT, AddedHow.PERSON, "[x](http://a.example) **b**"), ENGLISH)
    assert "[x](" not in said
    assert "**b**" not in said


@pytest.mark.anyio
async def test_the_evidence_begins_with_who_put_it_in_and_what_it_is_flagged_for() -> None:
    found = replace(passage(), added=Added(AT, AddedHow.PERSON, "Anna"), flags=(FlagReason.HIDDEN_TEXT,))
    content = await shown(found, citation("ends here"))
    assert content.startswith("Added by Anna on 3 March 2026\n\n⚠ **Flagged for review: hides text**\n\n[Open")


def test_what_was_read_on_the_web_was_added_by_nobody() -> None:
    assert render_provenance(passage(), ENGLISH) == ""
