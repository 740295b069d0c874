"""The language model that an admin chose in the browser: how it is kept, and how it becomes settings.

A key that was entered with an endpoint is kept sealed and sent to that endpoint alone. The key in the settings or the
environment belongs to the address there: it is never sent to one that was chosen in the browser.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic import SecretStr, TypeAdapter, ValidationError

from app.db import choices
from app.db.choices import Choice
from app.db.offered_models import ModelOffer
from app.db.sealing import Seal
from app.db.session import Database
from app.engines.model_files import PACKAGE_PREFIX
from app.errors import SettingsError
from app.settings import ENV_PREFIX, GeneratorSettings, Settings

NAME: Final = "generator"
FIELDS: Final = ("engine", "model", "url", "api_key", "context_tokens", "sees_images")
"""What of `generator` a choice takes the place of."""
_SECTION: Final = f"{ENV_PREFIX}GENERATOR"
# The key and the tuning of an engine say nothing about which model it is.
_DECIDING: Final = (_SECTION, *(f"{_SECTION}__{name}" for name in ("ENGINE", "MODEL", "URL", "CONTEXT_TOKENS")))


@dataclass(frozen=True, slots=True)
class FileChoice:
    """A GGUF file: its path below the models folder, or "package:NAME". `context_tokens`: 0 is the model's own."""

    file: str
    context_tokens: int = 0


@dataclass(frozen=True, slots=True)
class EndpointChoice:
    """An address that speaks the OpenAI chat API, and the model's name there. `sealed_key`: empty for none.

    `sees_images`: the model there takes pictures.
    """

    url: str
    model: str
    context_tokens: int = 0
    sealed_key: str = field(default="", repr=False)
    sees_images: bool = False


ModelChoice = FileChoice | EndpointChoice
_FILE: Final = TypeAdapter(FileChoice)
_ENDPOINT: Final = TypeAdapter(EndpointChoice)


def deciding_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """The environment variables that name a language model, and so win over a choice."""
    names = os.environ if environment is None else environment
    return sorted(name for name in names if name.upper() in _DECIDING)


def dump(choice: ModelChoice) -> dict[str, Any]:
    """What is kept of a choice."""
    kind = "file" if isinstance(choice, FileChoice) else "endpoint"
    return {"kind": kind, **asdict(choice)}


def read(kept: Choice) -> ModelChoice:
    """The choice that was kept. Raises SettingsError."""
    value = dict(kept.value)
    try:
        match value.pop("kind", ""):
            case "file":
                return _FILE.validate_python(value)
            case "endpoint":
                return _ENDPOINT.validate_python(value)
    except ValidationError:
        pass  # said below, in our words
    raise SettingsError("The language model that was chosen in the browser cannot be read; choose it anew.")


def as_settings(
    choice: ModelChoice, settings: Settings, configured: GeneratorSettings, seal: Seal
) -> GeneratorSettings:
    """The settings of the language model with the choice in them. Raises SettingsError."""
    match choice:
        case FileChoice(file, context_tokens):
            model = file if file.startswith(PACKAGE_PREFIX) else str(settings.models_dir / file)
            chosen = {"engine": "llamacpp", "model": model, "context_tokens": context_tokens}
            chosen |= {"url": "", "api_key": SecretStr(""), "sees_images": False}
        case EndpointChoice(url, model, context_tokens, sealed_key, sees_images):
            chosen = {"engine": "openai", "model": model, "context_tokens": context_tokens}
            chosen |= {"url": url, "api_key": SecretStr(_open(sealed_key, seal)), "sees_images": sees_images}
    return configured.model_copy(update=chosen)


def choice_of(offer: ModelOffer) -> ModelChoice:
    """What an offered model would be as the service's own."""
    if offer.engine == "llamacpp":
        return FileChoice(offer.model, offer.context_tokens)
    return EndpointChoice(offer.url, offer.model, offer.context_tokens, offer.sealed_key, offer.sees_images)


def offered_settings(
    offer: ModelOffer, settings: Settings, configured: GeneratorSettings, seal: Seal
) -> GeneratorSettings:
    """The settings of an offered model. Raises SettingsError."""
    return as_settings(choice_of(offer), settings, configured, seal)


def chosen_generator(settings: Settings, database: Database, seal: Seal) -> GeneratorSettings:
    """What a start begins with: what was chosen, unless the environment decides. Raises SettingsError."""
    with database.read() as session:
        kept = choices.find(session, NAME)
    if kept is None or deciding_variables():
        return settings.generator
    return as_settings(read(kept), settings, settings.generator, seal)


def _open(sealed_key: str, seal: Seal) -> str:
    if not sealed_key:
        return ""
    key = seal.open(sealed_key.encode())
    if key is None:
        raise SettingsError(
            "The key of the chosen language model's endpoint was kept under another key (crawl.secret, or the data "
            "folder's own) and cannot be read here; set CLOISTER_GENERATOR__ENGINE and the rest in the environment, "
            "then choose it anew."
        )
    return key.decode()
