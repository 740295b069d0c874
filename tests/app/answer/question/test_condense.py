import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.answer.question.condense import condense
from app.answer.text.words import telling_words
from app.domain import Message, Role


def talk(*said: str) -> tuple[Message, ...]:
    """Questions and answers in turns."""
    return tuple(Message(Role.ASSISTANT if n % 2 else Role.USER, text) for n, text in enumerate(said))


LEAVE = talk("How long is parental leave?", "70 days.")
GOLDEN = yaml.safe_load((Path(__file__).parents[3] / "golden.yaml").read_text())

WORDS = re.findall(
    r"\S+",
    "and what about for it its they her that there then the a of in is does und was ist mit die das es sie dabei dann "
    "im leave Denmark Sweden twins E21 E12 SO-25-0199 70 1,200 Terra oven password Auslösung Ausland Werkzeug ? , . "
    "too auch",
)
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
HISTORIES = st.lists(SENTENCES, max_size=6).map(lambda said: talk(*said))


@given(SENTENCES | st.text(max_size=80), HISTORIES)
def test_no_telling_word_of_a_question_is_ever_lost(question: str, history: tuple[Message, ...]) -> None:
    assert telling_words(question) <= telling_words(condense(question, history))


@given(st.text(max_size=80))
def test_a_first_question_stays_as_it_is(question: str) -> None:
    assert condense(question, ()) == question


@pytest.mark.parametrize("entry", GOLDEN["answerable"] + GOLDEN["unanswerable"], ids=lambda each: each["question"])
def test_a_question_that_stands_alone_is_left_alone_whatever_was_said(entry: dict[str, str]) -> None:
    assert condense(entry["question"], talk("How is Hedwig red mixed?", "By hand.")) == entry["question"]


@pytest.mark.parametrize(
    "question",
    [
        "Canteen prices in Osnabrück?",
        "VPN port?",
        "If my laptop is stolen, whom do I call about it?",
        "Does the oven have a light in it?",
        "How long does it take to dry new soles?",
        "Is there a day nursery in Osnabrück?",
        "Which rooms may be booked this week?",
        "If the alarm sounds, where do I go then?",
        "Why is the crust of my bread matt?",
        "Gibt es einen Zuschlag für Nachtarbeit?",
        "Wo reichen Sie den Antrag auf Urlaub ein?",
        "Welche Feiertage gelten dieses Jahr?",
        "Wie oft wird das Fahrzeug geprüft?",
    ],
)
def test_questions_that_look_like_follow_ups_but_name_their_subject_are_left_alone(question: str) -> None:
    assert condense(question, LEAVE) == question


@pytest.mark.parametrize(
    "question",
    [
        "And for twins?",
        "For twins?",
        "What if it is taken part time?",
        "Is it paid in full for everybody?",
        "Why?",
        "Why not?",
        "Tell me more.",
        "Please explain that in more detail.",
        "Who decides then?",
        "Does that apply to apprentices of the first year?",
        "Foster children too?",
        "Und bei Zwillingen?",
        "Gilt das auch für Auszubildende im ersten Jahr?",
        "Wann muss man sie nehmen?",
        "Wer entscheidet dann?",
        "Mit welchem Formular mache ich das?",
        "Kannst du es genauer erklären?",
    ],
)
def test_a_question_that_points_back_carries_the_one_before(question: str) -> None:
    condensed = condense(question, LEAVE)
    assert condensed.startswith("How long is parental leave?")
    assert condensed.endswith(question)


@pytest.mark.parametrize(
    ("before", "question", "standalone"),
    [
        (
            "What is the allowance for a trip to Denmark?",
            "And for Sweden?",
            "What is the allowance for a trip to Sweden?",
        ),
        ("Wie hoch ist die Auslösung im Inland?", "Und im Ausland?", "Wie hoch ist die Auslösung im Ausland?"),
        ("The Terra 80-3 shows E21. What is wrong?", "And E12?", "The Terra 80-3 shows E12. What is wrong?"),
        ("To which country was SO-25-0199 sold?", "SO-25-0001?", "To which country was SO-25-0001 sold?"),
    ],
)
def test_what_is_asked_about_now_takes_the_place_of_what_was_asked_about(
    before: str, question: str, standalone: str
) -> None:
    assert condense(question, talk(before, "…")) == standalone


def test_what_takes_nobodys_place_is_added() -> None:
    before = "Which time does a croissant need in the Terra 80-3?"
    assert condense("And Pizza?", talk(before, "17 minutes.")) == f"{before} And Pizza?"


def test_a_follow_up_that_points_into_the_answer_carries_what_the_answer_names() -> None:
    history = talk("Who chairs the works council?", "Sabine Trautwein. [2]")
    assert condense("What is her extension?", history) == (
        "Who chairs the works council? Sabine Trautwein What is her extension?"
    )


def test_of_a_long_answer_only_names_and_codes_are_carried() -> None:
    answer = (
        "Whoever has an addiction is advised by our counsellor, Greet Baert, who is bound to secrecy, keeps notes "
        "under lock, answers within days, and arranges therapy, transport, leave or another post."
    )
    condensed = condense("Where is she?", talk("Who counsels people with an addiction?", answer))
    assert condensed == "Who counsels people with an addiction? Greet Baert Where is she?"


def test_figures_of_an_answer_are_not_carried() -> None:
    assert "70" not in condense("Is it paid in full?", LEAVE)


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    history = talk("How expensive may my hotel in Denmark be?", "185 euro.", "And in Poland?", "100 euro.")
    condensed = condense("And how high is the daily allowance there?", history)
    assert condensed == ("How expensive may my hotel in Poland be? And how high is the daily allowance there?")


def test_a_new_topic_in_between_ends_the_old_one() -> None:
    history = (*LEAVE, *talk("Which port do I enter for the VPN on a workshop tablet?", "4433."))
    condensed = condense("And the protocol?", history)
    assert "VPN" in condensed
    assert "parental" not in condensed


def test_of_a_long_question_the_telling_words_are_carried() -> None:
    condensed = condense("And for twins?", talk("How long is parental leave, " + "if you would please tell me, " * 20))
    assert len(condensed.split()) < 12
    assert "parental leave" in condensed
