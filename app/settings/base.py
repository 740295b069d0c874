"""What every branch of the tree is made of."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
# YAML reads a bare `off` as false.
OffIsAWord = BeforeValidator(lambda value: "off" if value is False else value)

S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A branch of the tree: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def require_url(section: S, needed: bool, key: str) -> S:
    """The section. Raises ValueError where an address is needed and missing; `key` names the setting."""
    if needed and not getattr(section, "url"):  # noqa: B009 - the sections share no base with a url
        raise ValueError(f"{key} is empty; it must name the endpoint's address")
    return section
