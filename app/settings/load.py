"""Read the layers: configs/default.yaml < configs/<profile>.yaml < CLOISTER_* environment, where
CLOISTER_<SECTION>__<KEY>_FILE names a file that holds the value.

The YAML file holds the defaults, so no field has one: a key that is missing there is an error, and there is one place
to look. Unknown keys are refused in every layer.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource
from yaml import CSafeLoader, MarkedYAMLError, YAMLError

from app.errors import SettingsError
from app.settings.secret_files import read_secret_files
from app.settings.tree import ENV_PREFIX, PROJECT_DIR, Settings

CONFIGS_DIR = PROJECT_DIR / "configs"
PROFILE_VARIABLE = "CLOISTER_PROFILE"
TEST_PREFIX = "CLOISTER_TEST_"


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the layers into one tree.

    `overrides` is a nested mapping that wins over everything (command-line flags, tests).
    Raises SettingsError with one sentence that says what to change.
    """
    try:
        return _AsGiven(**_merged(read_layers(overrides)))
    except ValidationError as exc:
        raise SettingsError(_sentence(exc)) from exc


class LayerKind(StrEnum):
    """Where values may come from, the weakest first."""

    DEFAULT = "default"
    PROFILE = "profile"
    ENVIRONMENT = "environment"
    START = "given at the start"


@dataclass(frozen=True, slots=True)
class Layer:
    """The values that one place gives, unchecked and with secrets in them. `name`: of a profile."""

    kind: LayerKind
    name: str
    values: Mapping[str, Any] = field(repr=False)


def read_layers(overrides: Mapping[str, Any] | None = None) -> list[Layer]:
    """Each layer by itself, the weakest first. Raises SettingsError."""
    names = _profiles()
    if not (CONFIGS_DIR / "default.yaml").is_file():
        raise SettingsError(f"There is no default.yaml in {CONFIGS_DIR}; put the configs folder of this version there.")
    files = [CONFIGS_DIR / "default.yaml", *map(_profile_file, names)]
    _refuse_unknown_variables()
    try:
        read = [_read_yaml(file) for file in files]
    except YAMLError as exc:
        raise SettingsError(_where_no_yaml(exc)) from exc
    return [
        Layer(LayerKind.DEFAULT, "", read[0]),
        *(Layer(LayerKind.PROFILE, name, values) for name, values in zip(names, read[1:], strict=True)),
        Layer(LayerKind.ENVIRONMENT, "", read_secret_files(EnvSettingsSource(Settings)(), Settings)),
        Layer(LayerKind.START, "", dict(overrides or {})),
    ]


def _read_yaml(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as stream:
        # The parser in C: a tenth of the time of safe_load, which every command would wait for.
        return yaml.load(stream, CSafeLoader) or {}


class _AsGiven(Settings):
    """Reads nothing itself: the layers are merged by then."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the names are the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def _merged(layers: Sequence[Layer]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _laid_over(merged, layer.values)
    return merged


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees as one; a branch of the upper one leaves what it does not name as it is."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _laid_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def _profiles() -> list[str]:
    return [name.strip() for name in os.environ.get(PROFILE_VARIABLE, "").split(",") if name.strip()]


def _profile_file(name: str) -> Path:
    path = CONFIGS_DIR / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONFIGS_DIR.glob("*.yaml") if p.stem != "default"))
        raise SettingsError(f"There is no profile “{name}” ({PROFILE_VARIABLE}); choose from: {known}.")
    return path


def _refuse_unknown_variables() -> None:
    """pydantic-settings ignores a misspelt top-level variable; a setting that does nothing is a trap."""
    for variable in os.environ:
        if not variable.startswith(ENV_PREFIX) or variable.startswith(TEST_PREFIX):
            continue
        section = variable.removeprefix(ENV_PREFIX).split("__")[0].lower()
        if variable != PROFILE_VARIABLE and section not in Settings.model_fields:
            raise SettingsError(f"The environment variable {variable} is no setting; see configs/default.yaml.")


def _sentence(exc: ValidationError) -> str:
    """The first problem as one sentence."""
    problem = exc.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            return f"There is no setting “{key}”; see configs/default.yaml for all of them."
        case "missing":
            return f"The setting “{key}” is missing from configs/default.yaml."
        case "value_error":
            return f"{problem['msg'].removeprefix('Value error, ')}."
        case _:
            return f"The setting “{key}” cannot be used: {problem['msg']}."


def _where_no_yaml(exc: YAMLError) -> str:
    if isinstance(exc, MarkedYAMLError) and exc.problem_mark:
        return f"{exc.problem_mark.name} is not valid YAML at line {exc.problem_mark.line + 1}; correct it there."
    return "A file in configs is not valid YAML; see configs/default.yaml for how it is written."
