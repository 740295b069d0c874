"""A cross-encoder in this process, through sentence-transformers."""

import json
from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from app.egress.silence import silence_libraries
from app.engines.model_files import get_cross_encoder_folder
from app.engines.torch_memory import keep_few_shapes
from app.errors import EngineUnavailable, SettingsError
from app.settings import RerankerSettings

# Pairs computed together: of one length, so that little is padding.
BATCH_SIZE = 8
CONFIGS = ("config.json", "config_sentence_transformers.json")


class CrossEncoderReranker:
    """A cross-encoder from a local folder; no hub is asked and no code in the folder is run.

    A question and a passage that together are longer than the window (`reranker.max_tokens`, at most the model's own)
    are cut by the tokenizer, the longer of the two first: for the score only, what is shown and quoted stays whole.
    """

    def __init__(self, settings: RerankerSettings) -> None:
        folder = get_cross_encoder_folder(settings.model)
        self._model: Any = _load_model(folder, settings)
        self._model_id = folder.name
        # Its tokenizer is not made for several threads ("Already borrowed"), and PyTorch keeps memory for each.
        self._thread = ThreadPoolExecutor(1, "rerank")

    @property
    def model_id(self) -> str:
        return self._model_id

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        pairs = [[question, text] for text in texts]
        try:
            scores = self._thread.submit(
                self._model.predict, pairs, batch_size=BATCH_SIZE, show_progress_bar=False
            ).result()
        except (RuntimeError, CancelledError, AttributeError) as exc:
            if self._model is None:
                raise EngineUnavailable("The reranker is closed; start Cloister again.") from exc
            raise
        if not np.isfinite(scores).all():
            raise EngineUnavailable(
                f"The reranker {self.model_id} gave scores that are no numbers; name another model in reranker.model."
            )
        return [float(score) for score in scores]

    def close(self) -> None:
        self._model = None
        self._thread.shutdown(cancel_futures=True)


def _load_model(folder: Path, settings: RerankerSettings) -> Any:
    _require_cross_encoder(folder)
    silence_libraries()
    keep_few_shapes()
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = CrossEncoder(
            str(folder),
            device="cuda" if torch.cuda.is_available() else "cpu",
            trust_remote_code=False,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as exc:
        raise _no_cross_encoder(folder) from exc
    if model.num_labels != 1:
        raise SettingsError(
            f"The model in {folder} sorts texts into {model.num_labels} classes; a reranker gives one score. Name "
            "another one in reranker.model."
        )
    if settings.max_tokens:
        model.max_seq_length = min(settings.max_tokens, model.max_seq_length or settings.max_tokens)
    return model.eval()


def _require_cross_encoder(folder: Path) -> None:
    """Raises SettingsError: sentence-transformers would give any other model a head of random weights."""
    config, own = (_read(folder / name) for name in CONFIGS)
    architectures = config.get("architectures") or ()
    is_classifier = any(str(each).endswith("ForSequenceClassification") for each in architectures)
    if not is_classifier and own.get("model_type") != "CrossEncoder":
        raise _no_cross_encoder(folder)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _no_cross_encoder(folder: Path) -> SettingsError:
    return SettingsError(
        f"The folder {folder} holds no cross-encoder that sentence-transformers can load; put one there (config.json, "
        'tokenizer.json, model.safetensors), change reranker.model, or set reranker.engine to "off".'
    )
