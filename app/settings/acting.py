"""The branches for what the chat does besides answering: tools, web search, speech."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from app.settings.base import NotNegative, Positive, Seconds, Section, off_is_a_word, require_url

Speed = Annotated[float, Field(ge=0.5, le=2)]


CallsBy = Literal["auto", "native", "grammar", "off"]


class ToolsSettings(Section):
    calls: CallsBy
    max_steps: Positive
    timeout_s: Seconds

    @field_validator("calls", mode="before")
    @classmethod
    def _off(cls, value: object) -> object:
        return off_is_a_word(value)


class WebSearchSettings(Section):
    engine: Literal["off", "searxng", "ddgs"]
    url: str
    results: Annotated[int, Field(ge=1, le=50)]
    pages: Annotated[int, Field(ge=0, le=20)]
    page_characters: Positive
    timeout_s: Seconds
    cache_minutes: NotNegative

    @field_validator("engine", mode="before")
    @classmethod
    def _off(cls, value: object) -> object:
        return off_is_a_word(value)

    @model_validator(mode="after")
    def _server_has_an_address(self) -> "WebSearchSettings":
        return require_url(self, self.engine == "searxng", "web_search.url")


class SpeechSettings(Section):
    engine: Literal["auto", "off", "espeak", "flite", "piper", "openai"]
    voices: dict[str, str]
    speed: Speed
    piper_dir: str
    model: str
    url: str
    api_key: SecretStr
    timeout_s: Seconds

    @field_validator("engine", mode="before")
    @classmethod
    def _off(cls, value: object) -> object:
        return off_is_a_word(value)

    @model_validator(mode="after")
    def _endpoint_has_an_address(self) -> "SpeechSettings":
        return require_url(self, self.engine == "openai", "speech.url")


class TranscriberSettings(Section):
    engine: Literal["off", "whisper"]
    model: str
    language: str
    threads: NotNegative
    max_seconds: Positive

    @field_validator("engine", mode="before")
    @classmethod
    def _off(cls, value: object) -> object:
        return off_is_a_word(value)
