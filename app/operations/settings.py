"""Every setting in force: its value, its default, where it comes from and what it means."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr

from app.access import Caller
from app.operations import model_choice
from app.operations.models import Origin, get_present
from app.services import Services
from app.settings import CONFIGS_DIR, ENV_PREFIX, LayerKind, Section, Settings, load_settings, read_layers

CHOSEN: Final = "chosen in the browser"
SET, NOT_SET = "set", "not set"
_HIDDEN: Final = "…"
_KEY_LINE: Final = re.compile(r"(?P<indent> *)(?P<key>\w+):")
_COMMENT_LINE: Final = re.compile(r"\s*# ?(?P<words>.*)")
# A password may hold any sign, also those that end it elsewhere: up to the last @.
_USER_PASSWORD: Final = re.compile(r"(://[^:/@\s]*):.*@")
_QUERY_PASSWORD: Final = re.compile(r"([?&][^=&]*(?:password|passwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SettingFact:
    """One setting. `value` and `default` are as the file would write them; of a secret only whether it is set.

    `origin`: a `LayerKind` or `CHOSEN`. `profile`: the name of the profile that it comes from.
    """

    key: str
    value: str
    default: str
    origin: str
    profile: str
    comment: str
    is_secret: bool

    @property
    def section(self) -> str:
        """The first part of the key; of a key without parts the key."""
        return self.key.partition(".")[0]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENV_PREFIX + self.key.upper().replace(".", "__")

    @property
    def is_default(self) -> bool:
        """Whether nothing but the file of defaults says it."""
        return self.origin == LayerKind.DEFAULT


def list_settings(caller: Caller, services: Services) -> list[SettingFact]:
    """All settings in the order of configs/default.yaml. Raises Forbidden, SettingsError."""
    is_chosen = get_present(caller, services).origin is Origin.CHOSEN
    chosen = {f"{model_choice.NAME}.{name}" for name in model_choice.FIELDS} if is_chosen else set()
    layers, as_read = read_layers(), dict(_leaves(load_settings()))
    comments = read_comments(CONFIGS_DIR / "default.yaml")
    facts = []
    for key, value in _leaves(services.settings):
        layer = next(each for each in reversed(layers) if _find(each.values, key) is not None)
        origin = str(layer.kind) if value == as_read[key] else str(LayerKind.START)
        facts.append(
            SettingFact(
                key=key,
                value=_show(value, key),
                default=_show(_find(layers[0].values, key), key),
                origin=CHOSEN if key in chosen else origin,
                profile=layer.name if origin == LayerKind.PROFILE and key not in chosen else "",
                comment=comments[key],
                is_secret=key in _SECRETS,
            )
        )
    return facts


def read_comments(file: Path) -> dict[str, str]:
    """What stands above each key of a settings file, by the key's dotted path."""
    comments: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    said: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if key := _KEY_LINE.match(line):
            indent = len(key["indent"])
            path = [*(each for each in path if each[0] < indent), (indent, key["key"])]
            comments[".".join(name for _, name in path)] = " ".join(said)
            said = []
        elif comment := _COMMENT_LINE.match(line):
            said.append(comment["words"].strip())
        else:
            said = []
    return comments


def _leaves(section: BaseModel, path: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _secrets(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The keys of all secrets, alone or in lists."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _secrets(kind, f"{path}{name}.")
        elif SecretStr in (kind, *get_args(kind)):
            yield f"{path}{name}"


_SECRETS: Final = frozenset(_secrets(Settings))


def _find(values: Mapping[str, Any], key: str) -> Any:
    found: Any = values
    for name in key.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _show(value: Any, key: str) -> str:
    """The value as a file would hold it. A secret is never shown, nor a password inside an address."""
    if key in _SECRETS:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        return SET if given else NOT_SET
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return hide_passwords(str(value))


def hide_passwords(text: str) -> str:
    """An address without the passwords in it, rather too little of it than too much; any other text as it is."""
    if "://" not in text:
        return text
    return _QUERY_PASSWORD.sub(rf"\1{_HIDDEN}", _USER_PASSWORD.sub(rf"\1:{_HIDDEN}@", text))
