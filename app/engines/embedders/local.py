"""sentence-transformers in this process."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.egress.silence import silence_libraries
from app.engines.embedders.lanes import Lanes
from app.engines.embedders.window import batches, build_model_id, refuse_too_long, reserve, to_unit_length
from app.engines.model_files import get_sentence_transformers_folder
from app.engines.torch_memory import FreeMemory, keep_few_shapes
from app.errors import EngineUnavailable, SettingsError
from app.ports import Vectors
from app.settings import EmbedderSettings

if TYPE_CHECKING:
    from app.engines.embedders.traced import Run

# What decides the vectors besides the weights; README and licence do not.
MODEL_CONFIGS: Final = ("*.json", "*/config.json", "*.txt", "*.model")
MODEL_WEIGHTS: Final = ("*.safetensors", "*.bin", "*/*.safetensors", "*/*.bin")
SAMPLES: Final = 16
SAMPLE_BYTES: Final = 64 * 1024


class SentenceTransformersEmbedder:
    """A sentence-transformers model from a local folder.

    Several threads may embed at once. The model's own tokenizer is not made for that ("Already
    borrowed"), so it stands behind a lock, which is held for milliseconds; forward passes overlap, and
    a question does not wait for the batches of an ingest. Counting uses a tokenizer of its own.

    On the processor the texts of one call are shared out to `embedder.threads` workers, each computing
    its own batch on one core. Threads that share one batch wait for each other in a loop instead: with one
    per core, and other work on the machine, 64 texts took 4.1 s in place of 0.6 s on one thread. Questions go
    first, and what is read for an answer goes before what is stored (`lanes.py`).

    bf16 and fp32 vectors differ by a cosine of 0.9998, less than any ranking shows: `model_id` does not
    name the number format, and an index moves between machines. It names the document prefix, not the
    query prefix: stored vectors do not depend on the latter.
    """

    def __init__(self, settings: EmbedderSettings) -> None:
        folder = get_sentence_transformers_folder(settings.model)
        self._settings = settings
        self._model: Any = _load_model(folder, settings)
        # torch is loaded by now; before, importing it would take seconds of every command.
        from app.engines.embedders.traced import trace

        self._tokenizing = threading.Lock()
        self._run: Run | None = trace(self._model, lambda texts: self._prepare(self._model, texts))
        self._count_workers = _count_workers(settings) if self._model.device.type == "cpu" else 1
        self._lanes = Lanes(self._count_workers)
        self._free_memory = FreeMemory()
        self._count_special = int(self._model.tokenizer.num_special_tokens_to_add())
        self._counter: Any = _build_counter(self._model.tokenizer)
        self._window = int(self._model.max_seq_length or settings.max_tokens) - self._count_special
        self._dim = int(self._model.get_embedding_dimension())
        self._model_id = build_model_id(settings, _fingerprint(folder))
        prefixes = (settings.document_prefix, settings.query_prefix)
        self._max_tokens = self._window - reserve(self.count_tokens(prefixes))

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encodings = self._counter.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encodings]

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        prefixed = [self._settings.document_prefix + text for text in texts]
        vectors = self._embed(prefixed, self._lanes.read if is_awaited else self._lanes.store)
        self._free_memory.give_back()
        return vectors

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embed([self._settings.query_prefix + text], self._lanes.ask)[0]
        return vector

    def close(self) -> None:
        self._model = self._run = None
        self._lanes.close()

    def _embed(self, texts: list[str], run: Callable[..., Iterable[Vectors]]) -> Vectors:
        tokens = self.count_tokens(texts)
        refuse_too_long(tokens, self._window)
        vectors: Vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        # Neighbours of one length need no padding.
        order = sorted(range(len(texts)), key=lambda i: -tokens[i])
        # Few texts, as small documents have, are spread over all workers.
        share = min(self._settings.batch_size, max(1, ceil(len(texts) / self._count_workers)))
        shares = list(batches(order, share))
        try:
            for rows, computed in zip(shares, run(self._forward, [[texts[i] for i in s] for s in shares]), strict=True):
                vectors[rows] = computed
        except (RuntimeError, CancelledError) as exc:
            if self._model is None:
                raise _closed() from exc
            raise
        return to_unit_length(vectors)

    def _forward(self, texts: list[str]) -> Vectors:
        import torch

        model, run = self._model, self._run
        if model is None or run is None:
            raise _closed()
        with torch.inference_mode():
            vectors: Vectors = run(self._prepare(model, texts)).float().cpu().numpy()
        return vectors

    def _prepare(self, model: Any, texts: list[str]) -> dict[str, Any]:
        with self._tokenizing:
            features = model.preprocess(texts)
        return {k: v.to(model.device) if hasattr(v, "to") else v for k, v in features.items()}


def _load_model(folder: Path, settings: EmbedderSettings) -> Any:
    silence_libraries()
    keep_few_shapes()
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_log

    transformers_log.disable_progress_bar()  # type: ignore[no-untyped-call]
    # What they say below an error (of settings that they do not know, of names that will go) nobody here can act on.
    transformers_log.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            model_kwargs={"dtype": torch.bfloat16 if _wants_bf16(settings, device) else torch.float32},
        )
    except (OSError, ValueError, KeyError, ImportError) as exc:
        raise SettingsError(
            f"The folder {folder} holds no embedding model that sentence-transformers can load; put one there "
            "(config.json, modules.json, tokenizer.json, model.safetensors) or change embedder.model."
        ) from exc
    return model.eval()


def _count_workers(settings: EmbedderSettings) -> int:
    return settings.threads or os.cpu_count() or 1


def _closed() -> EngineUnavailable:
    return EngineUnavailable("The embedding model is closed; start Cloister again.")


def _wants_bf16(settings: EmbedderSettings, device: str) -> bool:
    match settings.dtype:
        case "bf16":
            return True
        case "fp32":
            return False
        case "auto":
            return _computes_in_bf16(device)


def _computes_in_bf16(device: str) -> bool:
    """Whether bf16 is fast here. Processors without the instructions compute it too, but slower than fp32."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("amx_bf16", "avx512_bf16", "arm_bf16", "bf16"))


def _build_counter(tokenizer: Any) -> Any:
    """A second fast tokenizer that never cuts or pads: nothing changes it, so threads may share it."""
    from tokenizers import Tokenizer

    if not tokenizer.is_fast:
        raise SettingsError("The embedding model has no tokenizer.json; choose a model that has one.")
    counter = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    counter.no_truncation()
    counter.no_padding()
    return counter


def _fingerprint(folder: Path) -> str:
    """Names what decides the vectors: all of the configuration, size and samples of the weights.

    Whole weights would take seconds to read; another training run differs in every sample.
    """
    digest = hashlib.sha256()
    for path in _model_files(folder, MODEL_CONFIGS):
        digest.update(path.read_bytes())
    for path in _model_files(folder, MODEL_WEIGHTS):
        size = path.stat().st_size
        digest.update(size.to_bytes(8, "big"))
        with path.open("rb") as file:
            for i in range(SAMPLES):
                file.seek(size * i // SAMPLES)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:12]


def _model_files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
