"""What is kept of the JSON Schema that a stranger's server tells for the arguments of a function. Pure.

It is read by language models, by our own check and by grammars. References could make a check ask other hosts, and
patterns could make it compute without an end, so neither is kept: the server checks what it is sent itself.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.answer.text.untrusted import make_harmless

LONGEST: Final = 8_000
DEEPEST: Final = 8
LONGEST_WORDS: Final = 300
MOST_VALUES: Final = 200
_KINDS: Final = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_NUMBERS: Final = ("minimum", "maximum")
_COUNTS: Final = ("minLength", "maxLength", "minItems", "maxItems")
_BRANCHES: Final = ("anyOf", "oneOf")
_ANYTHING: Final[Mapping[str, Any]] = {}


class UnusableSchemaError(ValueError):
    """No arguments can be made by this schema; the message says why, as a sentence."""


def keep_schema(schema: object) -> dict[str, Any]:
    """As much of a schema as all understand, its local references filled in. Raises UnusableSchemaError."""
    if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
        raise UnusableSchemaError("Its arguments are not described as an object.")
    if len(json.dumps(schema, default=str)) > LONGEST:
        raise UnusableSchemaError(f"The description of its arguments is longer than {LONGEST:,} characters.")
    kept = _keep({"type": "object", **schema}, schema, 0)
    if len(json.dumps(kept, default=str)) > LONGEST:
        raise UnusableSchemaError(f"The description of its arguments is longer than {LONGEST:,} characters.")
    return {"type": "object", "properties": {}, **kept}


def _keep(schema: object, root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    schema = _resolve(schema, root)
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return dict(_ANYTHING)
    kept: dict[str, Any] = {}
    kinds = [each for each in _list(schema.get("type")) if each in _KINDS]
    if kinds:
        kept["type"] = kinds[0] if len(kinds) == 1 else kinds
    if isinstance(said := schema.get("description") or schema.get("title"), str):
        kept["description"] = make_harmless(said)[:LONGEST_WORDS]
    kept |= {name: schema[name] for name in _NUMBERS if _is_number(schema.get(name))}
    kept |= {name: schema[name] for name in _COUNTS if isinstance(schema.get(name), int) and schema[name] >= 0}
    if isinstance(values := schema.get("enum"), list) and values and _are_plain(values):
        kept["enum"] = values[:MOST_VALUES]
    if "const" in schema and _are_plain([schema["const"]]):
        kept["const"] = schema["const"]
    for name in _BRANCHES:
        if isinstance(branches := schema.get(name), list) and branches:
            kept["anyOf"] = [_keep(each, root, depth + 1) for each in branches]
    if isinstance(items := schema.get("items"), Mapping):
        kept["items"] = _keep(items, root, depth + 1)
    kept |= _keep_properties(schema, root, depth)
    return kept


def _keep_properties(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    found = {str(name): _keep(each, root, depth + 1) for name, each in properties.items()}
    kept: dict[str, Any] = {"properties": found}
    if needed := [each for each in _list(schema.get("required")) if each in found]:
        kept["required"] = needed
    if schema.get("additionalProperties") is False:
        kept["additionalProperties"] = False
    return kept


def _resolve(schema: object, root: Mapping[str, Any]) -> object:
    """What a reference within the same document names; nothing for any other, which could name another host."""
    for _ in range(DEEPEST):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        schema = _find(str(schema["$ref"]), root)
    return None


def _find(reference: str, root: Mapping[str, Any]) -> object:
    place: object = root
    if not reference.startswith("#/"):
        return None
    for step in reference[2:].split("/"):
        place = place.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(place, Mapping) else None
    return place


def _list(value: object) -> Sequence[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _are_plain(values: Sequence[Any]) -> bool:
    return all(isinstance(each, str | int | float | bool) or each is None for each in values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
