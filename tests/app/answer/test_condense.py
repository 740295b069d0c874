from app.answer.condense import condense
from app.domain import Message, Role

HISTORY = (Message(Role.USER, "How long is parental leave?"), Message(Role.ASSISTANT, "70 days."))


def test_a_first_question_stays_as_it_is() -> None:
    assert condense("And for twins?", ()) == "And for twins?"


def test_a_question_that_points_back_carries_the_one_before() -> None:
    assert condense("Is it paid in full for everybody?", HISTORY) == (
        "How long is parental leave? Is it paid in full for everybody?"
    )


def test_a_short_question_carries_the_one_before() -> None:
    assert condense("For twins?", HISTORY).startswith("How long is parental leave?")


def test_a_question_that_stands_alone_stays_as_it_is() -> None:
    question = "Which fuse does the deck oven need in the test kitchen?"
    assert condense(question, HISTORY) == question
