"""Compose files as the engine reads them: variables put in, files laid over each other, profiles chosen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]
BASE, AIRGAP = PROJECT / "docker-compose.yml", PROJECT / "docker-compose.airgap.yml"
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
# Of a service, what a later file replaces. Other lists are added to.
REPLACED = ("command", "entrypoint", "test")
Model = dict[str, Any]


class Reset:
    """What `!reset` stands for: the key as if no file had named it."""


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!reset", lambda _loader, _node: Reset())


def read(file: Path, variables: Mapping[str, str] | None = None) -> Model:
    """One file, with the variables of .env put in where it has none of its own."""
    return _filled(yaml.load(file.read_text(), _Loader), variables or {})


def model(profiles: Sequence[str], *overlays: Path, variables: Mapping[str, str] | None = None) -> Model:
    """What would start: the merged files, with the services of these profiles and those that have none."""
    merged = read(BASE, variables)
    for overlay in overlays:
        merged = _laid_over(merged, read(overlay, variables))
    merged["services"] = {
        name: service
        for name, service in merged["services"].items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }
    return merged


def without_resets(tree: Any) -> Any:
    """The tree as the schema knows it: `!reset` is a sign of the file, not a value."""
    if isinstance(tree, Mapping):
        return {key: without_resets(value) for key, value in tree.items() if not isinstance(value, Reset)}
    return tree


def variables_of(file: Path) -> set[str]:
    """The names of all variables that a file asks for."""
    return {name for name, _ in VARIABLE.findall(file.read_text().replace("$$", ""))}


def networks_of(service: Model) -> set[str]:
    return set(service.get("networks", ()))


def environment(service: Model) -> dict[str, str]:
    """Of a service; a name without a value is taken from outside, where there is none."""
    return {name: value for name, value in service.get("environment", {}).items() if value is not None}


def _filled(tree: Any, variables: Mapping[str, str]) -> Any:
    match tree:
        case dict():
            return {key: _filled(value, variables) for key, value in tree.items()}
        case list():
            return [_filled(value, variables) for value in tree]
        case str():
            return "$".join(VARIABLE.sub(lambda found: _value(found, variables), part) for part in tree.split("$$"))
        case _:
            return tree


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, default = found[1], found[2]
    assert default is not None or name in variables, f"{name} has no default"
    return variables.get(name) or default or ""


def _laid_over(below: Model, above: Model) -> Model:
    return dict(_merged(below, above))


def _merged(below: Model, above: Model) -> Iterator[tuple[str, Any]]:
    for key in [*below, *(key for key in above if key not in below)]:
        upper, lower = above.get(key), below.get(key)
        if isinstance(upper, Reset):
            continue
        if key not in above:
            yield key, lower
        elif isinstance(upper, dict) and isinstance(lower, dict):
            yield key, _laid_over(lower, upper)
        elif isinstance(upper, list) and isinstance(lower, list) and key not in REPLACED:
            yield key, [*lower, *upper]
        else:
            yield key, upper
