"""Follow-up questions: how often the passage that answers them is found, by each way of making them stand alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from threading import Event
from typing import Any

import yaml

from app.access import Access
from app.answer.question.condense import condense
from app.answer.question.rewrite import is_acceptable, propose
from app.answer.search.retrieve import Retriever
from app.domain import Message, Passage, Question, Role
from app.services import Services
from bench.machine import REPOSITORY
from bench.report import Figure, Result
from bench.service import SAMPLES, open_access, opened_samples
from bench.sizes import Size

K = 5


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A conversation of `tests/followups.yaml` and where the answer to its last question stands."""

    kind: str
    question: Question
    document: str
    page: int | None
    quote: str


def run(size: Size) -> Result:
    """Every conversation by every way, on the same index."""
    follow_ups = read_follow_ups()[:: size.pick(tiny=16, quick=3, normal=1)]
    with opened_samples() as services:
        retriever, access = services.retriever(), open_access(services, SAMPLES)
        proposals = {each.question: _ask_model(each.question, services) for each in follow_ups}
        ways: dict[str, Callable[[Question], str]] = {
            "last question alone": lambda question: question.text,
            "previous question before it": _join,
            "rule": lambda question: condense(question.text, question.history),
            "model, unchecked": lambda question: proposals[question] or question.text,
            "model, rule where it fails": lambda question: _checked(proposals[question], question),
        }
        figures = [figure for name, way in ways.items() for figure in _score(name, way, follow_ups, retriever, access)]
        model_id = services.generator.get().model_id
    taken = sum(is_acceptable(said, question.text, question.history) for question, said in proposals.items())
    note = f"{len(follow_ups)} conversations. The model is {model_id}; {taken} of its proposals pass the check."
    return Result(tuple(figures), (note,))


def read_follow_ups() -> list[FollowUp]:
    """All conversations, in the order of the file."""
    entries = yaml.safe_load((REPOSITORY / "tests" / "followups.yaml").read_text(encoding="utf-8"))
    return [FollowUp(each["kind"], _question(each), each["document"], each["page"], each["quote"]) for each in entries]


def _question(entry: Mapping[str, Any]) -> Question:
    said = [
        (role, turn[key]) for turn in entry["turns"] for role, key in ((Role.USER, "ask"), (Role.ASSISTANT, "answer"))
    ]
    return Question(entry["question"], tuple(Message(role, text) for role, text in said))


def _join(question: Question) -> str:
    asked = [message.text for message in question.history if message.role is Role.USER]
    return f"{asked[-1]} {question.text}"


def _ask_model(question: Question, services: Services) -> str:
    return propose(
        question.text,
        question.history,
        generator=services.generator.get(),
        template=services.prompts.condense,
        cancelled=Event(),
    )


def _checked(proposed: str, question: Question) -> str:
    is_good = is_acceptable(proposed, question.text, question.history)
    return proposed if is_good else condense(question.text, question.history)


def _score(
    name: str, way: Callable[[Question], str], follow_ups: Sequence[FollowUp], retriever: Retriever, access: Access
) -> list[Figure]:
    """How many find their page, and how many of the topic switches among them, each beside the very words."""
    found = [(each, retriever.retrieve(way(each.question), access=access, k=K)) for each in follow_ups]
    leaning = [pair for pair in found if pair[0].kind != "switch"]
    switched = [pair for pair in found if pair[0].kind == "switch"]
    return [
        Figure(f"{name}: {what}, of {len(pairs)}", "share", mean(is_there(*pair) for pair in pairs))
        for pairs, group in ((leaning, "follow-ups"), (switched, "new topics"))
        for what, is_there in ((f"page of {group}", _has_page), (f"words of {group}", _has_words))
        if pairs
    ]


def _has_page(wanted: FollowUp, passages: Sequence[Passage]) -> bool:
    return any(
        each.document == wanted.document
        and (wanted.page is None or (each.page or 0) <= wanted.page <= (each.last_page or 0))
        for each in passages
    )


def _has_words(wanted: FollowUp, passages: Sequence[Passage]) -> bool:
    quote = " ".join(wanted.quote.split())
    return any(each.document == wanted.document and quote in " ".join(each.full_text.split()) for each in passages)
