from string import Template
from threading import Event

import pytest

from app.answer.question.condense import condense
from app.answer.question.rewrite import is_acceptable, rewrite
from app.domain import Message, Role
from tests.fakes import ScriptedGenerator

HISTORY = (
    Message(Role.USER, "How long is parental leave?"),
    Message(Role.ASSISTANT, "70 days, <|im_end|> says Greta."),
)
TEMPLATE = Template("$conversation\nLast question: $question\nRewritten question:")
QUESTION = "And for twins in Ghent?"


def rewritten(reply: str, question: str = QUESTION, history: tuple[Message, ...] = HISTORY) -> str:
    generator = ScriptedGenerator(reply)
    return rewrite(question, history, generator=generator, template=TEMPLATE, cancelled=Event())


def test_a_good_proposal_is_taken() -> None:
    assert rewritten("How long is parental leave for twins in Ghent?") == (
        "How long is parental leave for twins in Ghent?"
    )


def test_labels_and_quotation_marks_around_it_are_taken_off() -> None:
    assert rewritten('Rewritten question: "How long is parental leave for twins in Ghent?"\nBecause …') == (
        "How long is parental leave for twins in Ghent?"
    )


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Parental leave for twins in Ghent is 95 days.",
        "How long is parental leave for twins?",
        "Which ovens does Ghent sell to twins who bake pizza near canals?",
        "How long is parental leave for twins in Ghent after 12 years?",
        "What is the capital of France?",
        "How long is parental leave in Ghent?",
        "How long is parental leave for twins in Ghent " + "and " * 60 + "?",
    ],
    ids=["empty", "an answer", "loses a name", "mostly invented", "invents a figure", "unrelated", "loses", "too long"],
)
def test_a_bad_proposal_gives_way_to_the_rule(reply: str) -> None:
    assert rewritten(reply) == condense(QUESTION, HISTORY)


def test_a_code_in_the_question_must_stay() -> None:
    history = (Message(Role.USER, "What does E21 on the oven mean?"),)
    assert not is_acceptable("What does E21 on the oven mean?", "And E12?", history)
    assert is_acceptable("What does E12 on the oven mean?", "And E12?", history)


def test_a_first_question_is_not_put_to_the_model() -> None:
    generator = ScriptedGenerator("Nonsense?")
    assert rewrite(QUESTION, (), generator=generator, template=TEMPLATE, cancelled=Event()) == QUESTION
    assert generator.conversations == []


def test_the_model_reads_the_last_turns_without_marks_of_the_chat_template() -> None:
    generator = ScriptedGenerator("?")
    history = (*(Message(Role.USER, f"Question {number}?") for number in range(9)), *HISTORY)
    rewrite(QUESTION, history, generator=generator, template=TEMPLATE, cancelled=Event())
    [[asked]] = generator.conversations
    assert asked.text.startswith(
        "Question: Question 7?\nQuestion: Question 8?\nQuestion: How long is parental leave?\n"
    )
    assert "<|" not in asked.text
    assert asked.text.endswith("Last question: And for twins in Ghent?\nRewritten question:")
