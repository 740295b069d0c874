"""Settings: one frozen tree, read once."""

from app.settings.acting import CallsBy, SpeechSettings, ToolsSettings, TranscriberSettings, WebSearchSettings
from app.settings.base import Section
from app.settings.folders import chat_files_dir, database_url, prepare_data_dir
from app.settings.load import CONFIGS_DIR, PROFILE_VARIABLE, TEST_PREFIX, LayerKind, load_settings, read_layers
from app.settings.named_hosts import host_in, list_named_hosts, open_allow_list
from app.settings.sections import (
    LOOPBACK,
    ChunkingSettings,
    CrawlSettings,
    EmbedderSettings,
    FirecrawlSettings,
    GeneratorSettings,
    LimitsSettings,
    OcrSettings,
    PdfSettings,
    RerankerSettings,
    RetrieveSettings,
    SparseSettings,
    VectorIndexSettings,
)
from app.settings.tree import ENV_PREFIX, PROJECT_DIR, Settings

__all__ = [
    "CONFIGS_DIR",
    "ENV_PREFIX",
    "LOOPBACK",
    "PROFILE_VARIABLE",
    "PROJECT_DIR",
    "TEST_PREFIX",
    "CallsBy",
    "ChunkingSettings",
    "CrawlSettings",
    "EmbedderSettings",
    "FirecrawlSettings",
    "GeneratorSettings",
    "LayerKind",
    "LimitsSettings",
    "OcrSettings",
    "PdfSettings",
    "RerankerSettings",
    "RetrieveSettings",
    "Section",
    "Settings",
    "SparseSettings",
    "SpeechSettings",
    "ToolsSettings",
    "TranscriberSettings",
    "VectorIndexSettings",
    "WebSearchSettings",
    "chat_files_dir",
    "database_url",
    "host_in",
    "list_named_hosts",
    "load_settings",
    "open_allow_list",
    "prepare_data_dir",
    "read_layers",
]
