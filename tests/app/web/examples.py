"""A request that a route can read, made from what the route says it takes: for tests that walk over all routes."""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from annotated_types import Ge, Gt, MinLen
from fastapi import UploadFile
from fastapi.dependencies.models import Dependant
from fastapi.params import File, Form
from fastapi.routing import APIRoute
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

Known = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What to send to a route besides its path."""

    query: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    files: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    json: Any = None


def request_for(route: APIRoute, known: Known = lambda name: None, *, with_optional: bool = False) -> Request:
    """Values of the right kind for all that the route must have. `known` gives a value by its name, if it has one.

    `with_optional`: also for what it may have, where the name is known.
    """

    def is_wanted(name: str, info: FieldInfo) -> bool:
        return info.is_required() or (with_optional and known(name) is not None)

    query, form, files, json = {}, {}, [], None
    dependants = list(_with_all_below(route.dependant))
    for each in (each for dependant in dependants for each in dependant.query_params):
        if is_wanted(each.name, each.field_info):
            query[each.name] = _example(each.name, each.field_info, known)
    for each in (each for dependant in dependants for each in dependant.body_params):
        info = each.field_info
        annotation = _bare(info.annotation)
        if annotation is UploadFile or get_args(annotation)[:1] == (UploadFile,):
            files.append((each.alias, ("a.txt", "words")))
        elif isinstance(info, Form) and not isinstance(info, File):
            if is_wanted(each.alias, info):
                form[each.alias] = _example(each.alias, info, known)
        elif info.is_required() or with_optional:
            json = _example(each.name, info, known, with_optional)
    return Request(query, form, files, json)


def _with_all_below(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _with_all_below(each)


def _example(name: str, info: FieldInfo, known: Known, with_optional: bool = False) -> Any:
    least = max([int(m.ge if isinstance(m, Ge) else m.gt + 1) for m in info.metadata if isinstance(m, Ge | Gt)] or [1])
    fewest = max([m.min_length for m in info.metadata if isinstance(m, MinLen)] or [1])
    value = known(name)
    if value is not None:
        is_list = get_origin(_bare(info.annotation)) is list
        return [value] if is_list and not isinstance(value, list) else value
    return _of(info.annotation, known, least, fewest, with_optional)


def _of(annotation: Any, known: Known, least: int = 1, fewest: int = 1, with_optional: bool = False) -> Any:
    annotation = _bare(annotation)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _of(next(part for part in parts if part is not type(None)), known, least, fewest, with_optional)
    if origin is Literal:
        return parts[0]
    if origin is list:
        return [_of(parts[0], known) for _ in range(fewest)]
    if origin is dict:
        return {}
    if not isinstance(annotation, type):
        raise TypeError(f"no example is known for {annotation}")
    if issubclass(annotation, BaseModel):
        return {
            each.alias or name: _example(name, each, known, with_optional)
            for name, each in annotation.model_fields.items()
            if each.is_required() or (with_optional and known(name) is not None)
        }
    if is_dataclass(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        needed = [each.name for each in fields(annotation) if each.default is each.default_factory is MISSING]
        return {n: _of(hints[n], known, least, fewest, with_optional) if known(n) is None else known(n) for n in needed}
    if issubclass(annotation, StrEnum):
        return next(iter(annotation)).value
    if issubclass(annotation, UUID):
        return str(UUID(int=0))
    for kind, value in ((bool, True), (int, least), (float, float(least)), (str, "x" * fewest), (SecretStr, "x" * 16)):
        if issubclass(annotation, kind):
            return value
    raise TypeError(f"no example is known for {annotation}")


def _bare(annotation: Any) -> Any:
    return _bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation
