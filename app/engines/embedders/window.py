"""What both embedders share: names, windows, batches and unit length."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from app.errors import TextTooLong
from app.ports import Vectors
from app.settings import EmbedderSettings

# Tokens on the two sides of a prefix's seam may split otherwise than each side alone.
SEAM_TOKENS: Final = 2


def build_model_id(settings: EmbedderSettings, fingerprint: str) -> str:
    name = settings.model.removeprefix("package:").rstrip("/").rsplit("/", 1)[-1]
    prefix = settings.document_prefix
    return f"{name}@{fingerprint}" + (f"+{hashlib.sha256(prefix.encode()).hexdigest()[:8]}" if prefix else "")


def reserve(prefix_tokens: Sequence[int]) -> int:
    longest = max(prefix_tokens)
    return longest + SEAM_TOKENS if longest else 0


def refuse_too_long(tokens: Sequence[int], window: int) -> None:
    longest = max(tokens, default=0)
    if longest > window:
        raise _too_long(longest, window)


def _too_long(tokens: int, max_tokens: int) -> TextTooLong:
    return TextTooLong(
        f"A text of {tokens} tokens does not fit the embedding model's window of {max_tokens}; "
        "make chunks smaller (chunking.chunk_size) or the question shorter.",
        tokens=tokens,
        max_tokens=max_tokens,
    )


def batches(rows: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def to_unit_length(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
