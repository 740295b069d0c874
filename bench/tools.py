"""How often the language model that is installed with Cloister decides on a call that can be made.

Expected before it was measured: the grammar makes every decision readable; this model names the right function in
about half of the questions, since it must choose between two others and an answer, and fills in few arguments rightly.
Beside it what the same model does when it is asked in words alone, read as kindly as a reply can be.

Each question has its own function and those of the two questions after it.
"""

import time
from collections.abc import Sequence
from typing import Final

from app.domain import Message, Role, ToolSpec
from app.engines.generators.grammar_calls import with_functions
from app.engines.generators.llamacpp import LlamaCppGenerator
from app.engines.generators.written_calls import read_written_calls
from app.ports import Chosen
from app.settings import load_settings
from app.tools.calling.check import find_fault
from bench.report import Figure, Result
from bench.sizes import Size
from bench.tool_questions import FILE, ToolQuestion, read_questions

QUESTIONS: Final = {Size.TINY: 2, Size.QUICK: 20, Size.NORMAL: 200, Size.FULL: 200}
MOST_TOKENS: Final = 512


def run(size: Size) -> Result:
    """Shares of decisions that can be read, name the right function, and have arguments that fit it."""
    if not FILE.is_file():
        return Result((Figure("questions", "", 0),), (f"{FILE} is absent: nothing was measured.",))
    questions = read_questions()[: QUESTIONS[size] + 2]
    generator = LlamaCppGenerator(load_settings().generator, "grammar")
    try:
        held = _measure(generator, questions, by_grammar=True)
        free = _measure(generator, questions, by_grammar=False)
    finally:
        generator.close()
    return Result(
        (
            Figure(
                "decisions that can be read",
                "%",
                held.readable,
                free.readable,
                target="100 %",
                is_met=held.readable == 100,
            ),
            Figure("the right function", "%", held.named, free.named),
            Figure("arguments that fit its schema", "%", held.fitting, free.fitting),
            Figure("time of a decision, median", "s", held.median_s, free.median_s),
        ),
        ("Limit: the same model asked in words alone, without a grammar.",),
    )


class _Measured:
    """Counts over the questions, as percentages."""

    def __init__(self, counts: Sequence[tuple[bool, bool, bool]], seconds: Sequence[float]) -> None:
        self.readable, self.named, self.fitting = (
            round(100 * sum(row[n] for row in counts) / len(counts), 1) for n in range(3)
        )
        self.median_s = round(sorted(seconds)[len(seconds) // 2], 2)


def _measure(generator: LlamaCppGenerator, questions: Sequence[ToolQuestion], *, by_grammar: bool) -> _Measured:
    counts, seconds = [], []
    for n, question in enumerate(questions[:-2]):
        specs = [each.spec for each in questions[n : n + 3]]
        messages = [Message(Role.USER, question.text)]
        began = time.perf_counter()
        if by_grammar:
            chosen = generator.choose(messages, specs, max_tokens=MOST_TOKENS)
        else:
            reply = "".join(generator.stream(with_functions(messages, specs), max_tokens=MOST_TOKENS))
            chosen = read_written_calls(reply, [spec.name for spec in specs])
        seconds.append(time.perf_counter() - began)
        counts.append(_judge(chosen, question, specs, by_grammar=by_grammar))
    return _Measured(counts, seconds)


def _judge(
    chosen: Chosen, question: ToolQuestion, specs: Sequence[ToolSpec], *, by_grammar: bool
) -> tuple[bool, bool, bool]:
    spec_by_name = {spec.name: spec for spec in specs}
    # Held by the grammar, no call is a decision to answer; in words alone it may be anything.
    is_readable = not chosen.faults and (by_grammar or bool(chosen.calls))
    mine = [call for call in chosen.calls if call.name == question.spec.name]
    return is_readable, bool(mine), any(not find_fault(call, spec_by_name) for call in mine)
