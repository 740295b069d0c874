"""The limits: the engines as their own tutorials use them, on the models that Cloister is set to."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from app.engines.model_files import get_sentence_transformers_folder
from app.ports import Vectors
from app.settings import EmbedderSettings

BATCH_SIZES = (16, 32, 64)


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How the bare model is run: what `pick_fastest` chose."""

    threads: int
    batch_size: int

    def __str__(self) -> str:
        return f"{self.threads} torch threads, batches of {self.batch_size}"


class BareEmbedder:
    """sentence-transformers' own `encode`, in the number format that Cloister chose."""

    def __init__(self, settings: EmbedderSettings, options: EncodeOptions | None = None) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self._torch = torch
        self.our_threads = torch.get_num_threads()
        folder = get_sentence_transformers_folder(settings.model)
        self._model: Any = SentenceTransformer(
            str(folder), local_files_only=True, model_kwargs={"dtype": _dtype(settings)}
        )
        self.options = options or EncodeOptions(self.our_threads, BATCH_SIZES[0])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors. torch's threads are as chosen during the call and Cloister's again afterwards."""
        self._torch.set_num_threads(self.options.threads)
        try:
            vectors = self._model.encode(
                list(texts),
                batch_size=self.options.batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        finally:
            self._torch.set_num_threads(self.our_threads)
        return np.asarray(vectors, dtype=np.float32)

    def pick_fastest(self, texts: Sequence[str]) -> None:
        """Try our threads and torch's default with each batch size on these texts, and keep the fastest."""
        choices = [
            EncodeOptions(*pair) for pair in product(sorted({self.our_threads, os.cpu_count() or 1}), BATCH_SIZES)
        ]
        seconds: dict[EncodeOptions, float] = {}
        for _ in range(2):  # the first round warms
            for self.options in choices:
                seconds[self.options] = measure(lambda: self.encode(texts))
        self.options = min(choices, key=lambda choice: seconds[choice])


def extract_pdf_text(path: Path) -> list[str]:
    """The text of each page by pdfium alone."""
    import pypdfium2  # type: ignore[import-untyped]

    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range() for page in document]


def measure(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _dtype(settings: EmbedderSettings) -> Any:
    import torch

    from app.engines.embedders.local import _wants_bf16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.bfloat16 if _wants_bf16(settings, device) else torch.float32
