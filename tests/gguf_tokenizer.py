"""The byte-level BPE tokenizer that lies inside a GGUF file, rebuilt with `tokenizers`."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9


def read_gguf_tokenizer(path: Path) -> Tokenizer:
    """SmolLM2 splits digits one by one and the rest as GPT-2 does."""
    with path.open("rb") as file:
        file.seek(16)
        metadata = {_string(file): _value(file, _scalar(file, "<I")) for _ in range(_scalar(file, "<Q"))}
    vocabulary = {token: number for number, token in enumerate(metadata["tokenizer.ggml.tokens"])}
    merges = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _scalar(file: BinaryIO, layout: str) -> Any:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))[0]


def _string(file: BinaryIO) -> str:
    return file.read(_scalar(file, "<Q")).decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _string(file)
    if kind == ARRAY:
        item = _scalar(file, "<I")
        return [_value(file, item) for _ in range(_scalar(file, "<Q"))]
    return _scalar(file, SCALARS[kind])
