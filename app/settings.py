"""Settings: one frozen tree, read once. configs/default.yaml < configs/<profile>.yaml < CLOISTER_* environment.

The YAML file holds the defaults, so no field here has one: a key that is missing there is an error,
and there is one place to look. Unknown keys are refused in every layer.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import MarkedYAMLError, YAMLError

from app.domain import LEAST_LENGTH, ChunkingProfile, PasswordPolicy, Splitter
from app.errors import SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent
CONFIGS_DIR = PROJECT_DIR / "configs"
ENV_PREFIX = "CLOISTER_"
PROFILE_VARIABLE = "CLOISTER_PROFILE"
TEST_PREFIX = "CLOISTER_TEST_"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - told apart here, not listened on
PLACEHOLDERS = frozenset({"change-me", "changeme", "secret", "password", "placeholder", "todo"})
MIN_SECRET_LENGTH = 32

Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A branch of the tree: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    public_url: str
    secret: SecretStr
    log_level: Literal["debug", "info", "warning", "error"]

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach the address."""
        return self.host not in LOOPBACK

    @property
    def url(self) -> str:
        """The address that people open."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def local_url(self) -> str:
        """The address for programs on this machine, past any proxy."""
        host = "127.0.0.1" if self.host in ANY_ADDRESS else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @model_validator(mode="after")
    def _secret_is_real(self) -> "ServerSettings":
        secret = self.secret.get_secret_value()
        is_weak = secret.lower() in PLACEHOLDERS or len(secret) < MIN_SECRET_LENGTH
        if secret and is_weak and self.is_public:
            raise ValueError(
                f"server.secret is a placeholder while the service listens on {self.host}; put at least "
                f"{MIN_SECRET_LENGTH} random characters in CLOISTER_SERVER__SECRET, or leave it empty to have one made"
            )
        return self


class DatabaseSettings(Section):
    url: str


class PeopleSettings(Section):
    min_password_length: Annotated[int, Field(ge=LEAST_LENGTH)]
    session_days: Positive

    @property
    def passwords(self) -> PasswordPolicy:
        """Which passwords are taken."""
        return PasswordPolicy(self.min_password_length)

    @property
    def session_length(self) -> timedelta:
        """How long a browser stays signed in."""
        return timedelta(days=self.session_days)


class EmbedderSettings(Section):
    engine: Literal["sentence_transformers", "openai"]
    model: str
    dtype: Literal["auto", "bf16", "fp32"]
    threads: NotNegative
    batch_size: Positive
    document_prefix: str
    query_prefix: str
    url: str
    api_key: SecretStr
    max_tokens: Positive
    dim: Positive
    tokenizer: str
    timeout_s: Positive

    @model_validator(mode="after")
    def _endpoint_has_an_address(self) -> "EmbedderSettings":
        return _require_url(self, self.engine == "openai", "embedder.url")


class VectorIndexSettings(Section):
    engine: Literal["edge", "server"]
    url: str
    api_key: SecretStr
    timeout_s: Positive

    @model_validator(mode="after")
    def _server_has_an_address(self) -> "VectorIndexSettings":
        return _require_url(self, self.engine == "server", "vector_index.url")


class SparseSettings(Section):
    k1: Annotated[float, Field(gt=0)]
    b: Fraction
    average_words: Positive
    languages: tuple[str, ...]


class GeneratorSettings(Section):
    engine: Literal["llamacpp", "openai"]
    model: str
    models_dir: str
    context_tokens: NotNegative
    threads: NotNegative
    gpu_layers: NotNegative
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_answer_tokens: Positive
    timeout_s: Positive
    url: str
    api_key: SecretStr

    @model_validator(mode="after")
    def _endpoint_has_an_address(self) -> "GeneratorSettings":
        return _require_url(self, self.engine == "openai", "generator.url")


class ChunkingSettings(Section):
    splitter: Splitter
    chunk_size: Annotated[int, Field(ge=16)]
    overlap: NotNegative

    @model_validator(mode="after")
    def _overlap_is_smaller(self) -> "ChunkingSettings":
        if self.overlap * 2 > self.chunk_size:
            raise ValueError("chunking.overlap may be at most half of chunking.chunk_size")
        return self

    @property
    def profile(self) -> ChunkingProfile:
        """The same as a domain value."""
        return ChunkingProfile(self.splitter, self.chunk_size, self.overlap)


class RetrieveSettings(Section):
    passages: Positive
    meaning_weight: Fraction
    join_chunks: Positive
    document_cost: Fraction


class RerankerSettings(Section):
    engine: Literal["off", "sentence_transformers", "endpoint"]
    model: str
    candidates: Positive
    max_tokens: NotNegative
    url: str
    api_key: SecretStr
    timeout_s: Positive

    @field_validator("engine", mode="before")
    @classmethod
    def _off_is_a_word(cls, value: object) -> object:
        """YAML reads a bare `off` as false."""
        return "off" if value is False else value

    @model_validator(mode="after")
    def _engine_has_what_it_needs(self) -> "RerankerSettings":
        if self.engine != "off" and not self.model:
            raise ValueError("reranker.model is empty; it must name the reranker's folder or its name at the endpoint")
        return _require_url(self, self.engine == "endpoint", "reranker.url")


class AnswerSettings(Section):
    evidence: Literal["excerpts", "passages"]
    trim: Fraction
    abstain_below: Fraction
    calibration: Path
    condense: Literal["auto", "rule", "model"]
    prompts: Path

    @property
    def model_condenses(self) -> bool:
        """Whether the language model makes follow-ups stand alone; `auto` trusts one that reads whole passages."""
        return self.condense == "model" or (self.condense == "auto" and self.evidence == "passages")


class TablesSettings(Section):
    proposer: Literal["auto", "rule", "model"]
    max_rows: Positive
    timeout_s: Annotated[float, Field(gt=0)]
    memory_mb: Annotated[int, Field(ge=256)]
    threads: Positive
    processes: Positive
    most_tables: Positive


class IngestSettings(Section):
    knowledge_base: str
    samples: str
    concurrency: Positive
    keep_failed_days: Positive
    keep_generations_days: Positive


class InsightSettings(Section):
    keep_days: NotNegative
    shows_questions: bool


class FirecrawlSettings(Section):
    url: str
    api_key: SecretStr
    timeout_s: Annotated[float, Field(gt=0)]


class CrawlSettings(Section):
    outside: bool
    contact: str
    browser: str
    concurrency: Annotated[int, Field(ge=1, le=64)]
    timeout_s: Annotated[float, Field(gt=0)]
    max_pages: Positive
    max_depth: NotNegative
    enough: Fraction
    keep_runs: Positive
    secret: SecretStr
    firecrawl: FirecrawlSettings

    @property
    def user_agent(self) -> str:
        """What a site's owner reads in the log."""
        return f"Cloister/{version('cloister')}" + (f" (+{self.contact})" if self.contact else "")


class PdfSettings(Section):
    engine: Literal["pdfium", "unstructured"]
    strategy: Literal["fast", "hi_res"]
    passwords: tuple[SecretStr, ...]


class ParseSettings(Section):
    pdf: PdfSettings


class OcrSettings(Section):
    engine: Literal["auto", "tesseract", "rapidocr", "off"]
    languages: tuple[str, ...]
    dpi: Annotated[int, Field(ge=72, le=600)]
    min_confidence: Fraction


class LimitsSettings(Section):
    file_mb: Positive
    pages: Positive
    rows: Positive
    text_rows: Positive
    seconds: Positive
    memory_mb: Annotated[int, Field(ge=256)]
    unpacked_mb: Positive
    unpacked_ratio: Positive
    archive_files: Positive
    archive_depth: NotNegative


class Settings(BaseSettings):
    """The whole tree. Made by `load_settings`, handed down by `app.bootstrap`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX, env_nested_delimiter="__")

    data_dir: Path
    server: ServerSettings
    database: DatabaseSettings
    people: PeopleSettings
    embedder: EmbedderSettings
    vector_index: VectorIndexSettings
    sparse: SparseSettings
    generator: GeneratorSettings
    chunking: ChunkingSettings
    retrieve: RetrieveSettings
    reranker: RerankerSettings
    answer: AnswerSettings
    tables: TablesSettings
    ingest: IngestSettings
    insight: InsightSettings
    crawl: CrawlSettings
    parse: ParseSettings
    ocr: OcrSettings
    limits: LimitsSettings

    @property
    def models_dir(self) -> Path:
        """Where GGUF files lie from which an admin chooses."""
        return self.data_dir / Path(self.generator.models_dir).expanduser()

    @model_validator(mode="after")
    def _paths_start_at_the_project(self) -> "Settings":
        # The tree is frozen; this is the one moment at which it is completed.
        object.__setattr__(self, "data_dir", (PROJECT_DIR / self.data_dir).resolve())
        object.__setattr__(self.answer, "prompts", (PROJECT_DIR / self.answer.prompts).resolve())
        object.__setattr__(self.answer, "calibration", (PROJECT_DIR / self.answer.calibration).resolve())
        return self


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the layers into one tree.

    `overrides` is a nested mapping that wins over everything (command-line flags, tests).
    Raises SettingsError with one sentence that says what to change.
    """
    try:
        return _AsGiven(**_merged(read_layers(overrides)))
    except ValidationError as exc:
        raise SettingsError(_sentence(exc)) from exc


class LayerKind(StrEnum):
    """Where values may come from, the weakest first."""

    DEFAULT = "default"
    PROFILE = "profile"
    ENVIRONMENT = "environment"
    START = "given at the start"


@dataclass(frozen=True, slots=True)
class Layer:
    """The values that one place gives, unchecked and with secrets in them. `name`: of a profile."""

    kind: LayerKind
    name: str
    values: Mapping[str, Any] = field(repr=False)


def read_layers(overrides: Mapping[str, Any] | None = None) -> list[Layer]:
    """Each layer by itself, the weakest first. Raises SettingsError."""
    names = _profiles()
    files = [CONFIGS_DIR / "default.yaml", *map(_profile_file, names)]
    _refuse_unknown_variables()
    try:
        read = [YamlConfigSettingsSource(Settings, yaml_file=file)() for file in files]
    except YAMLError as exc:
        raise SettingsError(_where_no_yaml(exc)) from exc
    return [
        Layer(LayerKind.DEFAULT, "", read[0]),
        *(Layer(LayerKind.PROFILE, name, values) for name, values in zip(names, read[1:], strict=True)),
        Layer(LayerKind.ENVIRONMENT, "", EnvSettingsSource(Settings)()),
        Layer(LayerKind.START, "", dict(overrides or {})),
    ]


class _AsGiven(Settings):
    """Reads nothing itself: the layers are merged by then."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the names are the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def _merged(layers: Sequence[Layer]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _laid_over(merged, layer.values)
    return merged


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees as one; a branch of the upper one leaves what it does not name as it is."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _laid_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def prepare_data_dir(data_dir: Path) -> Path:
    """The folder, made if need be and closed to other users of the machine. Raises SettingsError."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        data_dir.chmod(0o700)
    except OSError as exc:
        raise SettingsError(
            f"The data folder {data_dir} cannot be used ({exc.strerror}); "
            "set CLOISTER_DATA_DIR to a folder that you may write to."
        ) from exc
    return data_dir


def chat_files_dir(data_dir: Path) -> Path:
    """Where chats keep the passages that they showed."""
    return data_dir / "chat" / "files"


def _profiles() -> list[str]:
    return [name.strip() for name in os.environ.get(PROFILE_VARIABLE, "").split(",") if name.strip()]


def _profile_file(name: str) -> Path:
    path = CONFIGS_DIR / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONFIGS_DIR.glob("*.yaml") if p.stem != "default"))
        raise SettingsError(f"There is no profile “{name}” ({PROFILE_VARIABLE}); choose from: {known}.")
    return path


def _refuse_unknown_variables() -> None:
    """pydantic-settings ignores a misspelt top-level variable; a setting that does nothing is a trap."""
    for variable in os.environ:
        if not variable.startswith(ENV_PREFIX) or variable.startswith(TEST_PREFIX):
            continue
        section = variable.removeprefix(ENV_PREFIX).split("__")[0].lower()
        if variable != PROFILE_VARIABLE and section not in Settings.model_fields:
            raise SettingsError(f"The environment variable {variable} is no setting; see configs/default.yaml.")


def _sentence(exc: ValidationError) -> str:
    """The first problem as one sentence."""
    problem = exc.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            return f"There is no setting “{key}”; see configs/default.yaml for all of them."
        case "missing":
            return f"The setting “{key}” is missing from configs/default.yaml."
        case "value_error":
            return f"{problem['msg'].removeprefix('Value error, ')}."
        case _:
            return f"The setting “{key}” cannot be used: {problem['msg']}."


def _where_no_yaml(exc: YAMLError) -> str:
    if isinstance(exc, MarkedYAMLError) and exc.problem_mark:
        return f"{exc.problem_mark.name} is not valid YAML at line {exc.problem_mark.line + 1}; correct it there."
    return "A file in configs is not valid YAML; see configs/default.yaml for how it is written."


def _require_url(section: S, needed: bool, key: str) -> S:
    if needed and not getattr(section, "url"):  # noqa: B009 - the sections share no base with a url
        raise ValueError(f"{key} is empty; it must name the endpoint's address")
    return section
