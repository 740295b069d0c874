"""The functions that a client offers, as the language model is told of them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jsonschema import Draft202012Validator, SchemaError  # type: ignore[import-untyped]

from app.answer.text.untrusted import defuse
from app.domain import Tool, ToolSpec, Touch
from app.web.openai.errors import BadRequest
from app.web.openai.requests import CompletionRequest, NamedChoice, ToolIn

# "answer" is what a model says that wants none (app.engines.generators.grammar_calls).
RESERVED: Final = "answer"
MOST_NODES: Final = 5_000
DEEPEST: Final = 24
DEEPEST_REFERENCE: Final = 4
_DEFINITIONS: Final = ("#/$defs/", "#/definitions/")
_EMPTY: Final[Mapping[str, Any]] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Offered:
    """The functions that may be called in this request, and whether one must be."""

    specs: tuple[ToolSpec, ...] = ()
    must: bool = False


def read_functions(request: CompletionRequest) -> Offered:
    """What the request offers, narrowed by its `tool_choice`. Raises BadRequest."""
    tools, choice = request.tools or [], request.tool_choice
    if not tools and (choice == "required" or isinstance(choice, NamedChoice)):
        raise BadRequest("tool_choice wants a function called, and there are no tools.", "tool_choice")
    specs = tuple(_spec(tool, n) for n, tool in enumerate(tools))
    if len({spec.name for spec in specs}) < len(specs):
        raise BadRequest("Two of the tools have the same name.", "tools")
    if choice == "none":
        return Offered()
    if not isinstance(choice, NamedChoice):
        return Offered(specs, must=choice == "required")
    named = tuple(spec for spec in specs if spec.name == choice.function.name)
    if not named:
        raise BadRequest("tool_choice names a function that is not among the tools.", "tool_choice")
    return Offered(named, must=True)


def _spec(tool: ToolIn, n: int) -> ToolSpec:
    function, place = tool.function, f"tools.{n}.function"
    if function.name == RESERVED:
        raise BadRequest(f"A function cannot be called “{RESERVED}” here; give it another name.", f"{place}.name")
    parameters = function.parameters or _EMPTY
    if parameters.get("type", "object") != "object":
        raise BadRequest("The parameters of a function are a JSON Schema of an object.", f"{place}.parameters")
    # What it may touch is for the gate, which is not asked: the client carries it out, and no rule of ours is about it.
    return ToolSpec(
        name=function.name,
        tool=Tool.WEB,
        description=defuse(function.description or ""),
        parameters=_Plain(parameters, f"{place}.parameters").schema(),
        touches=frozenset({Touch.OUTSIDE}),
    )


@dataclass(slots=True)
class _Plain:
    """Makes a JSON Schema plain: references within it are written out, "anything" is an empty schema.

    Engines make grammars of schemas, and know neither. Nothing is fetched; a schema that would grow without end is
    refused.
    """

    root: Mapping[str, Any]
    place: str
    nodes: int = field(default=0)

    def schema(self) -> dict[str, Any]:
        """The whole schema. Raises BadRequest."""
        _require_shallow(self.root, self.place)
        try:
            Draft202012Validator.check_schema(dict(self.root))
        except SchemaError as exc:
            raise BadRequest(f"This is no JSON Schema: {exc.message[:200]}", self.place) from None
        made = self._node({key: value for key, value in self.root.items() if key not in ("$defs", "definitions")}, 0)
        return {"type": "object", **made}

    def _node(self, node: object, references: int) -> dict[str, Any]:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise BadRequest("This schema is too large for a function; make it simpler.", self.place)
        if not isinstance(node, dict):
            return {}
        if isinstance(target := node.get("$ref"), str):
            beside = {key: value for key, value in node.items() if key != "$ref"}
            found = self._find(target) if references < DEEPEST_REFERENCE else {}
            return {**self._node(found, references + 1), **self._node(beside, references)}
        return dict(self._entries(node, references))

    def _entries(self, node: Mapping[str, Any], references: int) -> Iterator[tuple[str, Any]]:
        for key, value in node.items():
            match key:
                case "properties" if isinstance(value, dict):
                    yield key, {name: self._node(each, references) for name, each in value.items()}
                case "items" | "additionalProperties" | "not":
                    yield key, value if isinstance(value, bool) and key != "items" else self._node(value, references)
                case "anyOf" | "oneOf" | "allOf" | "prefixItems" if isinstance(value, list):
                    yield key, [self._node(each, references) for each in value]
                case "description" | "title" if isinstance(value, str):
                    yield key, defuse(value)
                case _:
                    yield key, value

    def _find(self, target: str) -> object:
        place = next((each for each in _DEFINITIONS if target.startswith(each)), None)
        definitions = self.root.get(place.strip("#/")) if place else None
        if place is None or not isinstance(definitions, dict) or target[len(place) :] not in definitions:
            raise BadRequest("A reference of this schema leads out of it; write it out.", self.place)
        return definitions[target[len(place) :]]


def _require_shallow(value: object, place: str, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise BadRequest("This schema is nested too deep for a function; make it simpler.", place)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        _require_shallow(each, place, depth + 1)
