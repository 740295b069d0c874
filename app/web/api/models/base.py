"""What all JSON of the API has in common."""

import re
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator


class Model(BaseModel):
    """Unknown fields are refused, so that a misspelt one is not silently without effect; so are texts that no store
    takes: with a null character, or half of a sign (a surrogate alone, which JSON can write and UTF-8 cannot).
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _texts_can_be_stored(cls, given: Any) -> Any:
        if isinstance(given, dict) and not _can_be_stored(given):
            raise ValueError("a text holds a null character or half of a sign; take it out")
        return given


_NEVER: Final = re.compile("[\\0\\ud800-\\udfff]")


def _can_be_stored(value: object) -> bool:
    match value:
        case str():
            return _NEVER.search(value) is None
        case list():
            return all(map(_can_be_stored, value))
        case dict():
            return all(_can_be_stored(name) and _can_be_stored(each) for name, each in value.items())
        case _:
            return True
