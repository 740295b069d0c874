"""Build everything once from the settings: each engine is picked by one `match`."""

import os
from pathlib import Path

import httpx

from app.answer.writing.prompt import Prompts
from app.db import offered_models, passwords
from app.db.files import FileStore
from app.db.keys import get_or_create_key, local_token_path
from app.db.refusal_writer import RefusalWriter
from app.db.sealing import Seal, open_seal
from app.db.session import Database, sqlite_url
from app.egress.addresses import AddressGuard
from app.egress.silence import silence_libraries
from app.engines.identity.openid import OpenIdProvider
from app.engines.sparse import Bm25Encoder
from app.errors import SettingsError
from app.lab.sweep_line import SweepLine
from app.model_pool import PooledModel
from app.operations.connections import list_kept_hosts
from app.operations.model_choice import chosen_generator, offered_settings
from app.ports import Embedder, Generator, Reranker, Speaker, Transcriber, VectorIndex, WebSearch
from app.services import Services
from app.settings import (
    CallsBy,
    ChunkingSettings,
    EmbedderSettings,
    GeneratorSettings,
    RerankerSettings,
    Settings,
    TranscriberSettings,
    open_allow_list,
    prepare_data_dir,
)
from app.tools.web.access import WebAccess
from app.warm import Warm
from ingest.sandbox import Sandbox
from ingest.workflows import IngestLine


def open_services(settings: Settings) -> Services:
    """Open the stores and prepare the engines; the engines themselves load when they are first needed.

    Raises SettingsError, EngineUnavailable.
    """
    silence_libraries()
    allowed = open_allow_list(settings)
    web_search = _build_web_search(settings)  # light, and wrong settings stop the start
    data_dir = prepare_data_dir(settings.data_dir)
    database = Database(settings.database.url or f"sqlite:///{data_dir / 'cloister.sqlite'}")
    database.migrate()
    allowed.put("kept", list_kept_hosts(settings, database))
    files = FileStore(data_dir / "files")
    seal = open_seal(settings.crawl.secret.get_secret_value(), data_dir / "keys")
    _seal_passwords(database, seal)
    configured = settings.generator
    settings = settings.model_copy(update={"generator": chosen_generator(settings, database, seal)})
    jobs_url = settings.database.url or sqlite_url(data_dir / "jobs.sqlite")
    ingest_line = IngestLine(settings, database, files, jobs_url, seal)

    def build_generator(generator: GeneratorSettings) -> Generator:
        guard = _guard(settings, generator) if generator != configured else None
        return _build_generator(generator, guard, settings.tools.calls)

    def get_offered(id: str) -> PooledModel:
        with database.read() as session:
            offer = offered_models.get(session, id).offer
        return PooledModel(id, offer.label, offered_settings(offer, settings, configured, seal))

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
        web=Warm(lambda: WebAccess(settings, web_search, embedder.get) if web_search else None),
        speaker=Warm(lambda: _build_speaker(settings)),
        transcriber=Warm(lambda: _build_transcriber(settings.transcriber)),
        configured_generator=configured,
        build_generator=build_generator,
        get_offered=get_offered,
        seal=seal,
        session_secret=settings.server.secret.get_secret_value() or get_or_create_key(data_dir / "keys" / "session"),
        local_token=get_or_create_key(local_token_path(data_dir)),
        openid=_build_openid(settings),
        allowed=allowed,
        refusals=RefusalWriter(database),
    )


def _build_openid(settings: Settings) -> OpenIdProvider | None:
    if settings.single_sign_on.engine != "oidc":
        return None
    return OpenIdProvider(settings.single_sign_on, f"{settings.server.url}/sign-in/single/callback")


def _seal_passwords(database: Database, seal: Seal) -> None:
    """Those of documents that an earlier version kept as they were typed."""
    with database.write() as session:
        found = passwords.seal_plain(session, seal)
    if found:
        database.scrub()


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


def _build_web_search(settings: Settings) -> WebSearch | None:
    outside = settings.crawl.outside
    match settings.web_search.engine:
        case "off":
            return None
        case "searxng":
            from app.engines.web_search.searxng import SearxngSearch

            return SearxngSearch(settings.web_search, outside=outside)
        case "ddgs":
            from app.engines.web_search.ddgs import DdgsSearch

            return DdgsSearch(settings.web_search, outside=outside)


def _build_speaker(settings: Settings) -> Speaker | None:
    speaker = _build_one_speaker(settings)
    if speaker is None:
        return None
    from app.engines.speakers.queued import QueuedSpeaker

    return QueuedSpeaker(speaker)


def _build_one_speaker(settings: Settings) -> Speaker | None:
    match settings.speech.engine:
        case "off":
            return None
        case "auto":
            return _build_best_speaker(settings)
        case "espeak":
            from app.engines.speakers.espeak import EspeakSpeaker

            return EspeakSpeaker()
        case "flite":
            from app.engines.speakers.flite import FliteSpeaker

            return FliteSpeaker()
        case "piper":
            from app.engines.speakers.piper import PiperSpeaker

            return PiperSpeaker(settings.piper_dir)
        case "openai":
            from app.engines.speakers.endpoint import EndpointSpeaker

            return EndpointSpeaker(settings.speech)


def _build_best_speaker(settings: Settings) -> Speaker:
    """Piper where there is a voice file and the package to read it, else espeak-ng, which is always there."""
    from app.engines.speakers.espeak import EspeakSpeaker
    from app.engines.speakers.piper import PiperSpeaker, find_voice_files, has_piper

    if has_piper() and find_voice_files(settings.piper_dir):
        return PiperSpeaker(settings.piper_dir)
    return EspeakSpeaker()


def _build_transcriber(settings: TranscriberSettings) -> Transcriber | None:
    match settings.engine:
        case "off":
            return None
        case "whisper":
            from app.engines.transcribers.whisper import WhisperTranscriber

            return WhisperTranscriber(settings)


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
