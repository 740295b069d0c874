"""The branches for what guards the service: what may leave it, and who vouches for people."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

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
        if self.engine == "oidc" and self.url and not _is_safe(self.url):
            raise ValueError("single_sign_on.url must begin with https:// unless the provider runs on this machine")
        return require_url(self, self.engine == "oidc", "single_sign_on.url")

    @model_validator(mode="after")
    def _somebody_can_sign_in(self) -> "SingleSignOnSettings":
        if self.engine == "off" and not self.passwords:
            raise ValueError("single_sign_on.passwords is off without single sign-on: nobody could sign in")
        if self.engine == "headers" and not self.name_header:
            raise ValueError(
                "single_sign_on.name_header is empty; it must be the header in which the proxy sends names"
            )
        return self


def _is_safe(url: str) -> bool:
    """Whether nobody on the way can read it, or put keys of their own into it."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
