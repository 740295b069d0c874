"""The benchmark of function calling judges as the leaderboard does; the small model decides under the grammar."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.engines.generators.llamacpp import LlamaCppGenerator
from app.settings import load_settings
from bench.tools import BUNDLED, Case, as_json_schema, ask, is_right, read_cases

CASES = read_cases(BUNDLED)


@pytest.fixture(scope="module")
def generator() -> Iterator[LlamaCppGenerator]:
    engine = LlamaCppGenerator(load_settings().generator, "grammar")
    yield engine
    engine.close()


@pytest.mark.parametrize("case", CASES[:6], ids=lambda case: case.right)
def test_the_small_model_always_decides_under_the_grammar(case: Case, generator: LlamaCppGenerator) -> None:
    assert ask(case, lambda asked, tools: generator.choose(asked, tools, max_tokens=512)).is_valid


def test_the_right_function_is_offered_among_others_in_every_place() -> None:
    places = {[spec.name for spec in case.offered].index(case.right) for case in CASES}
    assert places == {0, 1, 2}


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        ({"base": 10, "unit": "Units"}, True),
        ({"base": 10.0}, True),
        ({"base": 11}, False),
        ({"unit": "units"}, False),
        ({"base": 10, "colour": "red"}, False),
        ({"base": True}, False),
    ],
)
def test_arguments_are_right_as_the_leaderboard_says(arguments: dict[str, Any], verdict: bool) -> None:
    assert is_right(arguments, {"base": [10, 1], "unit": ["units", ""]}) is verdict


def test_the_leaderboards_types_become_those_of_json() -> None:
    schema = {"type": "dict", "properties": {"x": {"type": "float"}, "y": {"type": "any", "default": 1}}}
    assert as_json_schema(schema) == {"type": "object", "properties": {"x": {"type": "number"}, "y": {}}}
