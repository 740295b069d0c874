"""Numbers, dates and the like are compared by what they mean."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answer.text.dates import find_dates
from app.answer.text.facts import facts_held, list_facts

ENGLISH, GERMAN = "en", "de"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
MONTHS += ("September", "October", "November", "December")


def missing(sentence: str, source: str, *, language: str = ENGLISH, source_language: str = ENGLISH) -> list[str]:
    held = facts_held(source, source_language)
    return [fact.written for fact in list_facts(sentence, language) if not fact.is_in(held)]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("It costs 1,200 euro.", "The price is 1200 €."),
        ("It costs 1 200 euro.", "The price is 1,200 euro."),
        ("It takes 2 weeks.", "Allow two weeks."),
        ("It is 3.50.", "3.5"),
        ("It made 2 million.", "It made 2,000,000."),
        ("It made 340 million euro.", "| in millions of euro | 340 |"),
        ("It is on 1 March 2025.", "2025-03-01"),
        ("It is on 03/01/2025.", "on March 1st, 2025"),
        ("It is in March 2025.", "14 March 2025"),
        ("It is in 2025.", "2025-03-01"),
        ("It opens at 3 pm.", "open from 15:00"),
        ("Use ISO 9001.", "certified to ISO9001"),
        ("The Terra 80-3 shows E21.", "Terra 80-3: E21, flap blocked"),
        ("Write to Help@example.com.", "mail help@example.com"),
    ],
)
def test_the_same_fact_in_another_notation_is_not_missing(sentence: str, source: str) -> None:
    assert missing(sentence, source) == []


@pytest.mark.parametrize(
    ("sentence", "source", "lost"),
    [
        ("It costs 46,000 dollars.", "It costs 46,000 euro.", ["dollars"]),
        ("It costs $46,000.", "It costs 46,000 euro.", ["$"]),
        ("It is 35 days.", "It is 3.5 days.", ["35"]),
        ("It is 1,200.", "It is 1.2.", ["1,200"]),
        ("It is on 2 March 2025.", "2025-03-01", ["2 March 2025"]),
        ("It is on 1 March 2026.", "1 March", ["1 March 2026"]),
        ("E3 is shown.", "E33 is shown.", ["E3"]),
        ("Write to a@example.org.", "Write to a@example.com.", ["a@example.org"]),
        ("It opens at 15:30.", "It opens at 3:30 in the morning, on 15 May.", ["15:30"]),
    ],
)
def test_another_fact_is_missing_as_it_is_written(sentence: str, source: str, lost: list[str]) -> None:
    assert missing(sentence, source) == lost


def test_a_point_groups_thousands_in_german_and_is_decimal_in_english() -> None:
    assert missing("Es sind 1.200 Euro.", "1,200 euro", language=GERMAN) == []
    assert missing("It is 1,200 euro.", "1.200 Euro", source_language=GERMAN) == []
    assert missing("Es sind 1.200 Euro.", "1.2 euro", language=GERMAN) == ["1.200"]
    assert missing("Es sind 3,5 %.", "3.5 percent", language=GERMAN) == []


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_date_is_the_same_in_all_notations(day: date) -> None:
    month = MONTHS[day.month - 1]
    notations = [day.isoformat(), f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}"]
    notations += [f"{day.day}.{day.month}.{day.year}", f"{day.day:02}.{day.month:02}.{day.year}"]
    for one in notations:
        assert [found.readings for found in find_dates(f"on {one}.")] == [{day.isoformat()}]
        assert missing(f"It is on {one}.", f"since {notations[0]}") == []


@given(st.integers(0, 10**9))
def test_every_number_is_the_same_in_all_notations(value: int) -> None:
    for written in (f"{value}", f"{value:,}", f"{value:,}".replace(",", " "), f"{value:,}".replace(",", "'")):
        assert missing(f"It is {written} euro.", f"{value} euro") == []
        assert missing(f"It is {value} euro.", f"{written} euro") == []
        assert missing(f"It is {written} euro.", f"{value + 1} euro") == [written]


@given(st.text(max_size=200))
def test_a_text_holds_all_of_its_own_facts_and_they_do_not_overlap(text: str) -> None:
    facts = list_facts(text, ENGLISH)
    held = facts_held(text, ENGLISH)
    assert [fact.written for fact in facts if not fact.is_in(held)] == []
    assert all(text[fact.start : fact.end] == fact.written for fact in facts)
    assert all(one.end <= other.start for one, other in pairwise(facts))
