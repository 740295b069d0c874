"""Settings that are read from a file: CLOISTER_SERVER__SECRET_FILE=/run/secrets/server_secret.

An environment can be read by whoever may look at the process or at the container's description; a file can be closed.
Docker, Kubernetes and systemd all hand secrets over as files.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from app.errors import SettingsError

_SUFFIX = "_file"


def read_secret_files(
    values: Mapping[str, Any], section: type[BaseModel], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The values with each `<setting>_file` replaced by `<setting>`: what that file holds, without a last line break.

    `values` is the tree that the environment gave, `section` says which settings there are, `path` where in the whole
    tree this branch lies. Raises SettingsError where a file cannot be read, is empty, or is given beside its setting.
    """
    read: dict[str, Any] = {}
    for key, value in values.items():
        branch = _section_of(section, key)
        if branch and isinstance(value, Mapping):
            read[key] = read_secret_files(value, branch, (*path, key))
        elif _names_a_file(key, section):
            read[key.removesuffix(_SUFFIX)] = _text_in(str(value), _variable((*path, key)))
        else:
            read[key] = value
    _refuse_both(values, section, path)
    return read


def _names_a_file(key: str, section: type[BaseModel]) -> bool:
    return (
        key.endswith(_SUFFIX)
        and key not in section.model_fields
        and key.removesuffix(_SUFFIX) in section.model_fields
        and _section_of(section, key.removesuffix(_SUFFIX)) is None
    )


def _refuse_both(values: Mapping[str, Any], section: type[BaseModel], path: tuple[str, ...]) -> None:
    for key in values:
        plain = key.removesuffix(_SUFFIX)
        if _names_a_file(key, section) and plain in values:
            raise SettingsError(
                f"Both {_variable((*path, plain))} and {_variable((*path, key))} are set; keep one of them, so that it "
                "is clear which counts."
            )


def _text_in(file: str, variable: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        reason = (exc.strerror or "cannot be opened") if isinstance(exc, OSError) else "is no text"
        raise SettingsError(
            f"{variable} names {file}, which cannot be read ({reason}); let the user that runs Cloister read it."
        ) from exc
    if not text:
        raise SettingsError(f"{variable} names {file}, which is empty; write the value into it.")
    return text


def _section_of(section: type[BaseModel], key: str) -> type[BaseModel] | None:
    field = section.model_fields.get(key)
    return next(_sections(field.annotation), None) if field else None


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each


def _variable(path: tuple[str, ...]) -> str:
    return "CLOISTER_" + "__".join(path).upper()
