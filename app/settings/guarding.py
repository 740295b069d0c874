"""The branches for what guards the service: what may leave it, and who vouches for people."""

from typing import Annotated, Literal

from pydantic import SecretStr, field_validator, model_validator

from app.egress.allow_list import read_target
from app.settings.base import OffIsAWord, Section, require_url


class EgressSettings(Section):
    enforce: bool
    allow: tuple[str, ...]

    @field_validator("allow")
    @classmethod
    def _can_be_read(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        for each in allow:
            read_target(each)
        return allow


class SingleSignOnSettings(Section):
    engine: Annotated[Literal["off", "oidc", "headers"], OffIsAWord]
    label: str
    url: str
    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...]
    name_claim: str
    groups_claim: str
    name_header: str
    groups_header: str
    admin_group: str
    creates_people: bool
    passwords: bool

    @model_validator(mode="after")
    def _provider_is_named(self) -> "SingleSignOnSettings":
        if self.engine == "oidc" and not self.client_id:
            raise ValueError("single_sign_on.client_id is empty; it must be the name that the provider knows us by")
        return require_url(self, self.engine == "oidc", "single_sign_on.url")
