"""The branches of the tree, in the order of configs/default.yaml."""

from datetime import timedelta
from importlib.metadata import version
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.domain import LEAST_LENGTH, ChunkingProfile, PasswordPolicy, Splitter
from app.settings.base import Fraction, NotNegative, OffIsAWord, Positive, Section, require_url

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - told apart here, not listened on
Network = Annotated[str, AfterValidator(lambda text: str(ip_network(text)))]
PLACEHOLDERS = frozenset({"change-me", "changeme", "secret", "password", "placeholder", "todo"})
MIN_SECRET_LENGTH = 32


class ServerSettings(Section):
    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    public_url: str
    secret: SecretStr
    trusted_proxies: tuple[Network, ...]
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["text", "json"]
    metrics_token: SecretStr
    traces_url: str
    stop_seconds: NotNegative

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
    def _traces_go_somewhere(self) -> "ServerSettings":
        if self.traces_url and not self.traces_url.startswith(("http://", "https://")):
            raise ValueError(
                "server.traces_url is no address; write it like http://127.0.0.1:4318/v1/traces, or leave it empty"
            )
        return self

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
    sign_in_tries: Positive
    sign_in_tries_per_address: Positive
    lock_minutes: Positive

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
        return require_url(self, self.engine == "openai", "embedder.url")


class VectorIndexSettings(Section):
    engine: Literal["edge", "server"]
    url: str
    api_key: SecretStr
    timeout_s: Positive
    shards: NotNegative
    replicas: Positive
    quantization: Literal["none", "scalar", "binary"]
    on_disk: bool

    @model_validator(mode="after")
    def _server_has_an_address(self) -> "VectorIndexSettings":
        return require_url(self, self.engine == "server", "vector_index.url")


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
    thinks: bool
    thinking_tokens: Positive
    timeout_s: Positive
    url: str
    api_key: SecretStr
    sees_images: bool
    kept_models: NotNegative

    @property
    def reply_tokens(self) -> int:
        """What a prompt leaves free: room for the answer, and for the thoughts of a model that thinks."""
        return self.max_answer_tokens + (self.thinking_tokens if self.thinks else 0)

    @model_validator(mode="after")
    def _endpoint_has_an_address(self) -> "GeneratorSettings":
        return require_url(self, self.engine == "openai", "generator.url")

    @model_validator(mode="after")
    def _only_endpoints_see(self) -> "GeneratorSettings":
        if self.sees_images and self.engine != "openai":
            raise ValueError("generator.sees_images needs an endpoint: llamacpp reads no pictures in this process")
        return self


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
    engine: Annotated[Literal["off", "sentence_transformers", "endpoint"], OffIsAWord]
    model: str
    candidates: Positive
    max_tokens: NotNegative
    url: str
    api_key: SecretStr
    timeout_s: Positive

    @model_validator(mode="after")
    def _engine_has_what_it_needs(self) -> "RerankerSettings":
        if self.engine != "off" and not self.model:
            raise ValueError("reranker.model is empty; it must name the reranker's folder or its name at the endpoint")
        return require_url(self, self.engine == "endpoint", "reranker.url")


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
    works: bool
    knowledge_base: str
    samples: str
    concurrency: Positive
    keep_failed_days: Positive
    keep_generations_days: Positive


class WorkerSettings(Section):
    host: str
    port: Annotated[int, Field(ge=0, le=65535)]


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
    min_free_mb: NotNegative
    requests_per_minute: Positive
    body_mb: Positive
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
