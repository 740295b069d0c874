"""Writes GGUF headers for tests, right ones and wrong ones."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Tensor = tuple[str, tuple[int, ...], int]
LLAMA: Mapping[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "general.file_type": 15,
    "llama.context_length": 8192,
    "llama.block_count": 32,
    "llama.embedding_length": 4096,
    "llama.attention.head_count": 32,
    "llama.attention.head_count_kv": 8,
    "tokenizer.ggml.tokens": ["a", "b", "c"],
    "tokenizer.chat_template": "{{ messages }}",
}


def header(
    values: Mapping[str, Any] = LLAMA,
    tensors: Sequence[Tensor] = (("token_embd.weight", (4096, 1000), 0),),
    *,
    version: int = 3,
    pairs: int | None = None,
) -> bytes:
    """A header; whole numbers become uint32, lists of them arrays. `pairs`: what it claims to hold."""
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(values) if pairs is None else pairs)
    for key, value in values.items():
        out += string(key) + typed(value)
    for name, dimensions, offset in tensors:
        out += string(name) + struct.pack("<I", len(dimensions)) + struct.pack(f"<{len(dimensions)}Q", *dimensions)
        out += struct.pack("<IQ", 0, offset)
    return out


def string(text: str) -> bytes:
    """A string with its length."""
    content = text.encode()
    return struct.pack("<Q", len(content)) + content


def typed(value: Any) -> bytes:
    """A value with its type; bytes are taken as they are."""
    match value:
        case bytes():
            return value
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + string(value)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(string, value))
        case _:
            return struct.pack("<IIQ", 9, 4, len(value)) + struct.pack(f"<{len(value)}I", *value)


def write_model(path: Path, values: Mapping[str, Any] = LLAMA, *, size_bytes: int = 1 << 20, **others: Any) -> Path:
    """A file with this header and nothing but zeros after it (it takes no room on the disk)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header(values, **others))
    with path.open("r+b") as file:
        file.truncate(max(size_bytes, path.stat().st_size + 1))
    return path
