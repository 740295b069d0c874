"""What a command means for a question."""

from typing import Any

import pytest

from app.domain import CallOrigin, FunctionName
from app.web.chat.commands import (
    Ask,
    CommandName,
    Offer,
    Plan,
    Say,
    Speak,
    find_command,
    find_knowledge_base,
    list_menu,
    plan_message,
)
from app.web.chat.words import ENGLISH, GERMAN

ALL = Offer(frozenset(FunctionName), ("Handbooks", "Travel: abroad", "Travel"), can_speak=True)
NONE = Offer(frozenset(), ("Handbooks",))


def plan(content: str, chosen: str | None = None, offer: Offer = ALL) -> Plan:
    return plan_message(content, chosen, offer, ENGLISH)


def asked(found: Plan) -> Ask:
    assert isinstance(found, Ask)
    return found


def call_of(found: Plan) -> tuple[str, dict[str, Any]]:
    (call,) = asked(found).wanted
    assert call.origin is CallOrigin.PERSON
    return call.name, dict(call.arguments)


@pytest.mark.parametrize(
    ("content", "chosen", "found"),
    [
        ("How long is leave?", None, (None, "How long is leave?")),
        ("/web opening hours", None, (CommandName.WEB, "opening hours")),
        ("  /WEB\nopening hours", None, (CommandName.WEB, "opening hours")),
        ("opening hours", "web", (CommandName.WEB, "opening hours")),
        ("/kb", None, (CommandName.KB, "")),
        ("/website of the city", None, (None, "/website of the city")),
        ("and /web?", None, (None, "and /web?")),
        ("/etc/hosts", None, (None, "/etc/hosts")),
        ("hello", "unknown", (None, "hello")),
    ],
)
def test_a_command_is_chosen_or_written_before_the_question(
    content: str, chosen: str | None, found: tuple[CommandName | None, str]
) -> None:
    assert find_command(content, chosen) == found


def test_a_question_without_a_command_stays_as_it_is() -> None:
    assert plan(" 2 + 2?\n") == Ask(" 2 + 2?\n")


def test_web_asks_a_search_engine_and_the_documents_the_same() -> None:
    found = plan("/web opening hours\nof the library")
    assert asked(found).text == "opening hours\nof the library"
    assert call_of(found) == (FunctionName.WEB_SEARCH, {"query": "opening hours of the library"})


def test_web_with_an_address_opens_that_page_and_looks_for_the_rest() -> None:
    found = plan("https://site.example/a?b=1 What does it cost?", "web")
    assert asked(found).text == "What does it cost?"
    assert call_of(found) == (
        FunctionName.OPEN_PAGE,
        {"url": "https://site.example/a?b=1", "looking_for": "What does it cost?"},
    )


def test_an_address_alone_asks_for_a_question() -> None:
    assert isinstance(plan("/web https://site.example/"), Say)


def test_table_asks_the_tables() -> None:
    assert call_of(plan("/table Who sold most?")) == (FunctionName.QUERY_TABLE, {"question": "Who sold most?"})


@pytest.mark.parametrize("content", ["/web", "/table", "/kb Handbooks", "/kb"])
def test_a_command_without_a_question_says_how_it_is_used(content: str) -> None:
    found = plan(content)
    assert isinstance(found, Say)
    assert "/" in found.text


@pytest.mark.parametrize("content", ["/web hours", "/web", "/table sums", "/speak"])
def test_what_is_switched_off_is_said_and_not_done(content: str) -> None:
    found = plan(content, offer=NONE)
    assert isinstance(found, Say)
    assert "the owner of this service has not switched" in found.text


def test_speak_goes_to_its_handler() -> None:
    assert plan("/speak") == Speak("")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Handbooks: How long?", ("Handbooks", "How long?")),
        ("handbooks How long?", ("Handbooks", "How long?")),
        ("Travel: abroad: How far?", ("Travel: abroad", "How far?")),
        ("Travel: How far?", ("Travel", "How far?")),
        ("hand: How long?", ("Handbooks", "How long?")),
        ("tra: How far?", None),
        ("hand How long?", None),
        (": How long?", None),
        ("Handbookshelf: x", None),
        ("", None),
    ],
)
def test_a_knowledge_base_is_found_by_its_name_or_the_beginning_of_one(
    text: str, found: tuple[str, str] | None
) -> None:
    assert find_knowledge_base(text, ALL.knowledge_bases) == found


def test_one_knowledge_base_is_asked() -> None:
    assert plan("/kb Travel: How far?") == Ask("How far?", knowledge_bases=("Travel",))


def test_an_unclear_name_is_answered_with_the_names() -> None:
    found = plan("/kb tra: How far?")
    assert isinstance(found, Say)
    assert "- Handbooks" in found.text


def test_names_are_shown_as_they_are() -> None:
    found = plan("/kb", offer=Offer(frozenset(), ("![x](https://spy.example/)", "B")))
    assert isinstance(found, Say)
    assert "![x](" not in found.text


def test_the_menu_shows_what_the_person_may_use() -> None:
    assert [each["id"] for each in list_menu(ALL, ENGLISH)] == ["web", "table", "kb", "speak"]
    assert list_menu(NONE, ENGLISH) == []
    assert list_menu(ALL, GERMAN)[0]["description"] == GERMAN.commands.web
