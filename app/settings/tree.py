"""The whole tree."""

import sys
from pathlib import Path

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings.acting import SpeechSettings, ToolsSettings, TranscriberSettings, WebSearchSettings
from app.settings.guarding import EgressSettings, SingleSignOnSettings
from app.settings.sections import (
    AnswerSettings,
    ChunkingSettings,
    CrawlSettings,
    DatabaseSettings,
    EmbedderSettings,
    GeneratorSettings,
    IngestSettings,
    InsightSettings,
    LimitsSettings,
    OcrSettings,
    ParseSettings,
    PeopleSettings,
    RerankerSettings,
    RetrieveSettings,
    ServerSettings,
    SparseSettings,
    TablesSettings,
    VectorIndexSettings,
    WorkerSettings,
)
from app.settings.serving import WebhooksSettings, WidgetsSettings


def find_project_dir(packages: Path, environment: Path) -> Path:
    """The folder in which `configs/` lies, and at which relative paths start.

    `packages` holds our packages: in a checkout that is the project itself. An installed Cloister lies among the
    packages of a virtual environment; its project is the folder that holds this `environment` (decision 34).
    """
    return packages if (packages / "configs").is_dir() else environment.parent


PROJECT_DIR = find_project_dir(Path(__file__).resolve().parent.parent.parent, Path(sys.prefix).resolve())
ENV_PREFIX = "CLOISTER_"


class Settings(BaseSettings):
    """The whole tree. Made by `load_settings`, handed down by `app.bootstrap`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX, env_nested_delimiter="__")

    data_dir: Path
    backup_passphrase: SecretStr
    server: ServerSettings
    database: DatabaseSettings
    people: PeopleSettings
    single_sign_on: SingleSignOnSettings
    egress: EgressSettings
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
    worker: WorkerSettings
    tools: ToolsSettings
    web_search: WebSearchSettings
    speech: SpeechSettings
    transcriber: TranscriberSettings
    insight: InsightSettings
    crawl: CrawlSettings
    parse: ParseSettings
    ocr: OcrSettings
    webhooks: WebhooksSettings
    widgets: WidgetsSettings
    limits: LimitsSettings

    @property
    def is_shared(self) -> bool:
        """Whether several processes may work on these stores: database and index are servers."""
        is_on_a_server = bool(self.database.url) and not self.database.url.startswith("sqlite")
        return is_on_a_server and self.vector_index.engine == "server"

    @property
    def models_dir(self) -> Path:
        """Where GGUF files lie from which an admin chooses."""
        return self.data_dir / Path(self.generator.models_dir).expanduser()

    @property
    def piper_dir(self) -> Path:
        """Where the voice files of Piper lie."""
        return self.data_dir / Path(self.speech.piper_dir).expanduser()

    @model_validator(mode="after")
    def _headers_come_from_somebody(self) -> "Settings":
        if self.single_sign_on.engine == "headers" and not self.server.trusted_proxies:
            raise ValueError(
                "single_sign_on.engine is headers and server.trusted_proxies is empty: name the proxy's address there, "
                "so that nobody else is believed"
            )
        return self

    @model_validator(mode="after")
    def _somebody_works(self) -> "Settings":
        if not self.ingest.works and not self.is_shared:
            raise ValueError(
                "ingest.works is off, and database.url or vector_index.engine name no server: a worker could not reach "
                "what this process has to itself. Use Postgres and a Qdrant server (profile server), or set "
                "ingest.works to true"
            )
        return self

    @model_validator(mode="after")
    def _paths_start_at_the_project(self) -> "Settings":
        # The tree is frozen; this is the one moment at which it is completed.
        object.__setattr__(self, "data_dir", (PROJECT_DIR / self.data_dir).resolve())
        object.__setattr__(self.answer, "prompts", (PROJECT_DIR / self.answer.prompts).resolve())
        object.__setattr__(self.answer, "calibration", (PROJECT_DIR / self.answer.calibration).resolve())
        return self
