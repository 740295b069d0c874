"""The branches for what the chat does besides answering: tools, web search, speech."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from app.settings.base import NotNegative, OffIsAWord, Positive, Seconds, Section, require_url

Speed = Annotated[float, Field(ge=0.5, le=2)]
CallsBy = Annotated[Literal["auto", "native", "grammar", "off"], OffIsAWord]


class ToolsSettings(Section):
    calls: CallsBy
    max_steps: Positive
    timeout_s: Seconds
    result_characters: Positive


class WebSearchSettings(Section):
    engine: Annotated[Literal["off", "searxng", "ddgs"], OffIsAWord]
    url: str
    results: Annotated[int, Field(ge=1, le=50)]
    pages: Annotated[int, Field(ge=0, le=20)]
    page_characters: Positive
    timeout_s: Seconds
    cache_minutes: NotNegative

    @model_validator(mode="after")
    def _server_has_an_address(self) -> "WebSearchSettings":
        return require_url(self, self.engine == "searxng", "web_search.url")


class SpeechSettings(Section):
    engine: Annotated[Literal["auto", "off", "espeak", "flite", "piper", "openai"], OffIsAWord]
    voices: dict[str, str]
    speed: Speed
    piper_dir: str
    model: str
    url: str
    api_key: SecretStr
    timeout_s: Seconds

    @model_validator(mode="after")
    def _endpoint_has_an_address(self) -> "SpeechSettings":
        return require_url(self, self.engine == "openai", "speech.url")


class TranscriberSettings(Section):
    engine: Annotated[Literal["off", "whisper"], OffIsAWord]
    model: str
    language: str
    threads: NotNegative
    max_seconds: Positive
