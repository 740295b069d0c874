"""Milliseconds until the first piece of the third turn of a conversation, beside the first turn with as much evidence.

Beside both stands llama.cpp called directly with the same conversations, which also tells what it computed.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from statistics import median
from typing import Any

from app.answer.writing.conversation import Turn
from app.answer.writing.evidence import Evidence
from app.answer.writing.prompt import Prompts, build_prompt
from app.domain import Grounds, Message, Role
from app.ports import Generator
from app.settings import Settings, load_settings
from bench.first_token import LONG, SHORT, TYPICAL, Bare, Prompt, ask_bare, build_passage, opened_pair, time_first_piece
from bench.prose import write_paragraph
from bench.report import Figure, Result, compare
from bench.sizes import Size

QUESTIONS = (
    "What was decided about the warehouse, by whom, and what did it cost?",
    "And who was against it?",
    "When does it begin?",
)
ANSWER = "The board decided on it in March and set aside a part of the budget of the year. [1]"
TARGET = 0.5


@dataclass(slots=True)
class Times:
    """Of one turn, round by round: our milliseconds, and what llama.cpp itself needed."""

    ours: list[float] = field(default_factory=list)
    bare: list[Bare] = field(default_factory=list)


def run(size: Size) -> Result:
    """Conversations of three turns, each new from its first word on; their first turns and third turns compared."""
    rounds = size.pick(tiny=1, quick=2, normal=5)
    kinds = size.pick(tiny=(SHORT,), quick=(LONG, TYPICAL), normal=(LONG, TYPICAL))
    settings = load_settings()
    figures: list[Figure] = []
    notes: list[str] = []
    with opened_pair(settings.generator) as (generator, llama):
        for kind in kinds:
            for is_new in (False, True):
                name = f"{kind.evidence}, {'all-new' if is_new else 'the same'} evidence"
                turns = _measure(kind, is_new, rounds, settings, generator, llama)
                figures.extend(_compare(name, turns, None if is_new else TARGET))
                notes.append(_tokens(name, turns))
    return Result(tuple(figures), tuple(notes))


def _measure(
    kind: Prompt, is_new: bool, rounds: int, settings: Settings, generator: Generator, llama: Any
) -> list[Times]:
    times = [Times() for _ in QUESTIONS]
    for number in range(rounds + 1):
        for turn, messages in zip(times, _converse(kind, is_new, number, settings, generator), strict=True):
            if kind.is_whole:
                _rewrite(messages[-1], settings, generator)
            ours = 1000 * time_first_piece(messages, generator)
            bare = ask_bare(messages, llama, settings.generator)
            if number:  # the first round warms
                turn.ours.append(ours)
                turn.bare.append(bare)
    return times


def _rewrite(question: Message, settings: Settings, generator: Generator) -> None:
    """What else the model reads between two turns, where it makes follow-ups stand alone (`answer.condense`)."""
    template = Prompts.read(settings.answer.prompts, "passages").condense
    asked = template.substitute(conversation="", question=question.text[-200:])
    deque(generator.stream([Message(Role.USER, asked)], max_tokens=1), maxlen=0)


def _converse(
    kind: Prompt, is_new: bool, number: int, settings: Settings, generator: Generator
) -> list[tuple[Message, ...]]:
    """The prompts of the turns as the answer line writes them."""
    random = Random(f"{kind.name} {is_new} {number}")
    templates = Prompts.read(settings.answer.prompts, kind.evidence)
    own = replace(templates, system=f"{random.randint(1000, 9999)}. {templates.system}")
    turns: list[Turn] = []
    asked: list[tuple[Message, ...]] = []
    evidence: list[Evidence] = []
    for question in QUESTIONS:
        if is_new or not evidence:
            evidence = _find(kind, random, len(turns))
        prompt = build_prompt(
            question,
            evidence,
            turns,
            prompts=own,
            generator=generator,
            max_answer_tokens=settings.generator.max_answer_tokens,
        )
        asked.append(prompt.messages)
        whole = tuple(each for each in prompt.evidence if each.is_whole)
        grounds = Grounds((), tuple(each.reference for each in whole), prompt.earlier)
        turns.append(Turn(question, ANSWER, grounds, whole))
    return asked


def _find(kind: Prompt, random: Random, turn: int) -> list[Evidence]:
    texts = [write_paragraph(random, words=kind.words) for _ in range(kind.pieces)]
    passages = [build_passage(rank, text) for rank, text in enumerate(texts, start=1)]
    return [
        Evidence(replace(each, document_id=f"document-{turn}-{each.rank}"), each.text, each.rank, kind.is_whole)
        for each in passages
    ]


def _compare(name: str, turns: Sequence[Times], target: float | None) -> list[Figure]:
    first, last = turns[0], turns[-1]
    return [
        compare(f"{name}: turn 3 beside turn 1", "ms", last.ours, first.ours, at_most=target),
        compare(f"{name}: turn 3 beside bare llama.cpp", "ms", last.ours, [bare.ms for bare in last.bare]),
    ]


def _tokens(name: str, turns: Sequence[Times]) -> str:
    told = [
        f"turn {number}: {median(bare.tokens for bare in turn.bare):.0f} tokens, "
        f"{median(bare.cached for bare in turn.bare):.0f} of them cached"
        for number, turn in enumerate(turns, start=1)
    ]
    return f"{name}: {'; '.join(told)}."
