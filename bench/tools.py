"""Whether the smallest model decides about tools, and how well: under a grammar, and in free text.

Questions of the Berkeley Function Calling Leaderboard. Each is asked with the function that answers it among functions
of other questions.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from app.domain import Message, Role, Tool, ToolSpec
from app.engines.generators.grammar_calls import read_decision, with_functions
from app.engines.generators.llamacpp import LlamaCppGenerator
from app.ports import Chosen
from app.settings import load_settings
from app.tools.calling.check import find_fault
from bench.machine import REPOSITORY
from bench.report import Figure, Result
from bench.sizes import Size

WHOLE: Final = REPOSITORY.parent / "shared" / "fixtures" / "tool_calls" / "BFCL_v4_simple_python.json"
BUNDLED: Final = REPOSITORY / "bench" / "tool_calls" / "questions.jsonl"
ANSWERS: Final = REPOSITORY / "bench" / "tool_calls" / "answers.jsonl"
OFFERED: Final = 3
MAX_TOKENS: Final = 512
_TYPES: Final = {"dict": "object", "float": "number", "tuple": "array"}

Choose = Callable[[Sequence[Message], Sequence[ToolSpec]], Chosen]
Truth = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the functions that are offered for it, and the one that is right with its possible arguments."""

    question: str
    offered: tuple[ToolSpec, ...]
    right: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case. `is_valid`: a decision that could be carried out as it stands."""

    is_valid: bool
    has_function: bool
    has_arguments: bool
    seconds: float


def run(size: Size) -> Result:
    """The same questions under a grammar and in free text, asked one after the other."""
    path, most = WHOLE, size.pick(tiny=2, quick=20, normal=200)
    notes = []
    if not WHOLE.is_file() or size is Size.TINY:
        path = BUNDLED
        notes.append(f"{WHOLE} is absent: the ten questions in {BUNDLED} were asked instead." if most > 2 else "tiny")
    cases = read_cases(path)[:most]
    # Shows that the model's own words are worth less; a quarter of the questions shows it.
    every = size.pick(tiny=1, quick=1, normal=4)
    generator = LlamaCppGenerator(load_settings().generator, "grammar")
    try:
        figures = [
            *_measure(
                "by a grammar", cases, lambda asked, tools: _by_grammar(generator, asked, tools), must_parse=True
            ),
            *_measure("in free text", cases[::every], lambda asked, tools: _freely(generator, asked, tools)),
        ]
    finally:
        generator.close()
    return Result(tuple(figures), tuple(notes))


def read_cases(path: Path) -> list[Case]:
    """The questions of a file that have an answer, each with its function among those of the questions after it."""
    answers = {row["id"]: row["ground_truth"][0] for row in _rows(ANSWERS)}
    rows = [row for row in _rows(path) if row["id"] in answers]
    specs = [as_spec(row["function"][0]) for row in rows]
    cases = []
    for n, row in enumerate(rows):
        ((right, truth),) = answers[row["id"]].items()
        others = [specs[(n + step) % len(specs)] for step in range(1, len(specs))]
        named = {spec.name: spec for spec in (specs[n], *others[::7], *others)}
        offered = [named[right], *(spec for name, spec in named.items() if name != right)][:OFFERED]
        turned = n % len(offered)
        asked = row["question"][0][-1]["content"]
        cases.append(Case(asked, (*offered[turned:], *offered[:turned]), right, truth))
    return cases


def as_spec(function: Mapping[str, Any]) -> ToolSpec:
    """A function of the leaderboard, whose types are Python's, as a tool."""
    parameters = as_json_schema(function["parameters"])
    return ToolSpec(function["name"], Tool.TABLES, function["description"], parameters, frozenset())


def as_json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the types that JSON Schema knows; "any" is no type at all."""
    kept = {key: value for key, value in schema.items() if key not in ("optional", "default")}
    kind = kept.pop("type", "any")
    if kind != "any":
        kept["type"] = _TYPES.get(kind, kind)
    if "properties" in kept:
        kept["properties"] = {name: as_json_schema(each) for name, each in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = as_json_schema(kept["items"])
    return kept


def is_right(arguments: Mapping[str, Any], truth: Truth) -> bool:
    """Whether each argument is one of those that count as right; "" among them lets it be left out."""
    if not set(arguments) <= set(truth):
        return False
    return all(
        any(_same(arguments[name], each) for each in possible) if name in arguments else "" in possible
        for name, possible in truth.items()
    )


def _same(given: Any, right: Any) -> bool:
    """Texts are compared without case, spaces and marks, as the leaderboard does."""
    if isinstance(given, str) and isinstance(right, str):
        return _bare(given) == _bare(right)
    if isinstance(given, list) and isinstance(right, list):
        return len(given) == len(right) and all(map(_same, given, right))
    if isinstance(given, dict) and isinstance(right, dict):
        return is_right(given, {name: each if isinstance(each, list) else [each] for name, each in right.items()})
    return isinstance(given, bool) == isinstance(right, bool) and given == right


def _bare(text: str) -> str:
    return "".join(each for each in text.casefold() if each not in " ,./-_*^'\"")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _by_grammar(generator: LlamaCppGenerator, asked: Sequence[Message], tools: Sequence[ToolSpec]) -> Chosen:
    return generator.choose(asked, tools, max_tokens=MAX_TOKENS)


def _freely(generator: LlamaCppGenerator, asked: Sequence[Message], tools: Sequence[ToolSpec]) -> Chosen:
    """The same prompt without the grammar; words that are no decision count as one that cannot be read."""
    reply = "".join(generator.stream(with_functions(asked, tools), max_tokens=MAX_TOKENS, temperature=0.0))
    chosen = read_decision(reply, tools)
    is_decision = chosen != Chosen() or reply.strip().startswith('{"calls"')
    return chosen if is_decision else Chosen(faults=("No decision.",))


def ask(case: Case, choose: Choose) -> Outcome:
    """Put one question to a model."""
    begun = time.perf_counter()
    chosen = choose([Message(Role.USER, case.question)], case.offered)
    seconds = time.perf_counter() - begun
    specs = {spec.name: spec for spec in case.offered}
    is_valid = not chosen.faults and not any(find_fault(call, specs) for call in chosen.calls)
    first = chosen.calls[0] if chosen.calls else None
    has_function = first is not None and first.name == case.right
    has_arguments = first is not None and has_function and is_right(first.arguments, case.truth)
    return Outcome(is_valid, has_function, has_arguments, seconds)


def _measure(name: str, cases: Sequence[Case], choose: Choose, *, must_parse: bool = False) -> list[Figure]:
    outcomes = [ask(case, choose) for case in cases]
    valid = _percent([each.is_valid for each in outcomes])
    group = f"{name}, {len(cases)} questions"
    target, is_met = ("100 %", valid == 100) if must_parse else ("", None)
    return [
        Figure("decisions that can be carried out", "%", valid, target=target, is_met=is_met, group=group),
        Figure("the right function", "%", _percent([each.has_function for each in outcomes]), group=group),
        Figure("and the right arguments", "%", _percent([each.has_arguments for each in outcomes]), group=group),
        Figure("median time of a decision", "s", median(each.seconds for each in outcomes), group=group),
    ]


def _percent(each: Sequence[bool]) -> float:
    return round(100 * sum(each) / len(each), 1)
