"""Questions of the Berkeley Function-Calling Leaderboard (simple, Python), each with the one function that fits it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.domain import Tool, ToolSpec
from bench.machine import REPOSITORY

FILE: Final = REPOSITORY.parent / "shared" / "fixtures" / "tool_calls" / "BFCL_v4_simple_python.json"
# Written for Python: JSON Schema calls them otherwise. "any" is left out, which takes anything.
_TYPES: Final = {"dict": "object", "float": "number", "tuple": "array", "int": "integer", "list": "array"}


@dataclass(frozen=True, slots=True)
class ToolQuestion:
    """A question, and the function that it should lead to."""

    id: str
    text: str
    spec: ToolSpec


def read_questions(file: Path = FILE) -> list[ToolQuestion]:
    """All questions of the file, in its order."""
    return [_read(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _read(row: Mapping[str, Any]) -> ToolQuestion:
    (function,) = row["function"]
    spec = ToolSpec(
        # Names of functions hold no points in the OpenAI API.
        name=function["name"].replace(".", "_"),
        tool=Tool.SEARCH,
        description=function["description"],
        parameters=_as_json_schema(function["parameters"]),
        touches=frozenset(),
    )
    return ToolQuestion(row["id"], row["question"][0][0]["content"], spec)


def _as_json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key not in ("type", "default", "optional")}
    kind = schema.get("type")
    if isinstance(kind, str) and kind != "any":
        kept["type"] = _TYPES.get(kind, kind)
    if "properties" in kept:
        kept["properties"] = {name: _as_json_schema(each) for name, each in kept["properties"].items()}
    if isinstance(kept.get("items"), Mapping):
        kept["items"] = _as_json_schema(kept["items"])
    return kept
