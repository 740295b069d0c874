"""API keys."""

from typing import Annotated

from pydantic import Field

from app.web.api.models.base import Model


class NewApiKey(Model):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    person: str


class ApiKeyOut(Model):
    key: str
