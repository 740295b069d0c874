"""Build everything once from the settings: each engine is picked by one `match`."""

import os
from pathlib import Path

import httpx

from app.answer.writing.prompt import Prompts
from app.db.files import FileStore
from app.db.keys import get_or_create_key, local_token_path
from app.db.sealing import Seal
from app.db.session import Database, sqlite_url
from app.egress.addresses import AddressGuard
from app.egress.silence import silence_libraries
from app.engines.sparse import Bm25Encoder
from app.errors import SettingsError
from app.lab.sweep_line import SweepLine
from app.operations.model_choice import chosen_generator
from app.ports import Embedder, Generator, Reranker, Speaker, Transcriber, VectorIndex, WebSearch
from app.services import Services, Warm
from app.settings import (
    CallsBy,
    ChunkingSettings,
    EmbedderSettings,
    GeneratorSettings,
    RerankerSettings,
    Settings,
    TranscriberSettings,
    WebSearchSettings,
    prepare_data_dir,
)
from ingest.sandbox import Sandbox
from ingest.sources.crawl.secrets import SecretBox
from ingest.workflows import IngestLine


def open_services(settings: Settings) -> Services:
    """Open the stores and prepare the engines; the engines themselves load when they are first needed.

    Raises SettingsError, EngineUnavailable.
    """
    silence_libraries()
    data_dir = prepare_data_dir(settings.data_dir)
    database = Database(settings.database.url or f"sqlite:///{data_dir / 'cloister.sqlite'}")
    database.migrate()
    files = FileStore(data_dir / "files")
    seal = Seal(get_or_create_key(data_dir / "keys" / "choices"))
    configured = settings.generator
    settings = settings.model_copy(update={"generator": chosen_generator(settings, database, seal)})
    jobs_url = settings.database.url or sqlite_url(data_dir / "jobs.sqlite")
    ingest_line = IngestLine(settings, database, files, jobs_url, SecretBox(_source_key(settings, data_dir)))

    def build_generator(generator: GeneratorSettings) -> Generator:
        guard = _guard(settings, generator) if generator != configured else None
        return _build_generator(generator, guard, settings.tools.calls)

    embedder = Warm(lambda: _fit_for(settings.chunking, _build_embedder(settings.embedder)))
    return Services(
        settings=settings,
        database=database,
        files=files,
        prompts=Prompts.read(settings.answer.prompts, settings.answer.evidence),
        sparse=Bm25Encoder(settings.sparse),
        sandbox=Sandbox(settings, processes=_parsers(settings), folder=data_dir / "parsing"),
        ingest_line=ingest_line,
        sweep_line=SweepLine(database),
        embedder=embedder,
        index=Warm(lambda: _open_index(settings, data_dir, embedder.get())),
        reranker=Warm(lambda: _build_reranker(settings.reranker)),
        generator=Warm(lambda: build_generator(settings.generator)),
        web_search=Warm(lambda: _build_web_search(settings.web_search)),
        speaker=Warm(lambda: _build_speaker(settings)),
        transcriber=Warm(lambda: _build_transcriber(settings.transcriber)),
        configured_generator=configured,
        build_generator=build_generator,
        seal=seal,
        session_secret=settings.server.secret.get_secret_value() or get_or_create_key(data_dir / "keys" / "session"),
        local_token=get_or_create_key(local_token_path(data_dir)),
    )


def _source_key(settings: Settings, data_dir: Path) -> str:
    return settings.crawl.secret.get_secret_value() or get_or_create_key(data_dir / "keys" / "sources")


def _parsers(settings: Settings) -> int:
    """Processes that read documents: more than cores would only wait for each other."""
    return min(settings.ingest.concurrency, os.cpu_count() or 1)


# The engines are imported where they are picked: each brings a heavy library that the other choice does not need.


def _build_embedder(settings: EmbedderSettings) -> Embedder:
    match settings.engine:
        case "sentence_transformers":
            from app.engines.embedders.local import SentenceTransformersEmbedder

            return SentenceTransformersEmbedder(settings)
        case "openai":
            from app.engines.embedders.endpoint import OpenAIEmbedder

            return OpenAIEmbedder(settings)


def _fit_for(chunking: ChunkingSettings, embedder: Embedder) -> Embedder:
    """The embedder, unless chunks would not fit its window. Raises SettingsError."""
    if chunking.chunk_size > embedder.max_tokens:
        embedder.close()
        raise SettingsError(
            f"chunking.chunk_size is {chunking.chunk_size} tokens and the embedding model takes at most "
            f"{embedder.max_tokens}; set it to that or less, or name a model with a larger window in embedder.model."
        )
    return embedder


def _open_index(settings: Settings, data_dir: Path, embedder: Embedder) -> VectorIndex:
    index: VectorIndex
    match settings.vector_index.engine:
        case "edge":
            from app.engines.vector_index.edge import EdgeIndex

            index = EdgeIndex(data_dir / "index")
        case "server":
            from app.engines.vector_index.server import ServerIndex

            index = ServerIndex(settings.vector_index)
    index.open(dim=embedder.dim, model_id=embedder.model_id)
    return index


def _build_reranker(settings: RerankerSettings) -> Reranker | None:
    match settings.engine:
        case "off":
            return None
        case "sentence_transformers":
            from app.engines.rerankers.local import CrossEncoderReranker

            return CrossEncoderReranker(settings)
        case "endpoint":
            from app.engines.rerankers.endpoint import EndpointReranker

            return EndpointReranker(settings)


def _build_web_search(settings: WebSearchSettings) -> WebSearch | None:
    match settings.engine:
        case "off":
            return None
        case "searxng" | "ddgs":
            raise SettingsError("web_search.engine: not built yet.")


def _build_speaker(settings: Settings) -> Speaker | None:  # noqa: ARG001
    return None


def _build_transcriber(settings: TranscriberSettings) -> Transcriber | None:  # noqa: ARG001
    return None


def _guard(settings: Settings, generator: GeneratorSettings) -> AddressGuard:
    """An endpoint that was chosen in the browser stays inside where the service may ask nothing outside."""
    host = httpx.URL(generator.url).host
    return AddressGuard([host], outside=settings.crawl.outside)


def _build_generator(settings: GeneratorSettings, guard: AddressGuard | None, calls: CallsBy) -> Generator:
    match settings.engine:
        case "llamacpp":
            from app.engines.generators.llamacpp import LlamaCppGenerator

            return LlamaCppGenerator(settings, calls)
        case "openai":
            from app.engines.generators.openai_like import OpenAIGenerator

            return OpenAIGenerator(settings, guard, calls)
