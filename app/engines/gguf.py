"""Reads the header of a GGUF file: what the model is, how large, and what its window costs. Weights are not touched.

Written after https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. A file may come from anywhere: every length in
it is checked before it is believed, and a header beyond the limits is refused.
"""

import re
import struct
from array import array
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Final

from app.errors import Rejected

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
MOST_HEADER_BYTES: Final = 256 << 20
MOST_PAIRS: Final = 20_000
MOST_TENSORS: Final = 200_000
MOST_ELEMENTS: Final = 8_000_000
"""Array elements that are stepped over one by one; the largest vocabularies today have 600,000 entries and merges."""
LONGEST_KEY: Final = 65_535
LONGEST_STRING: Final = 64 << 20
LONGEST_KEPT: Final = 4096
MOST_DIMENSIONS: Final = 8
MOST_LAYERS: Final = 4096
MOST_PARAMETERS: Final = 1 << 50
_BLOCK: Final = 1 << 20
_STRING, _ARRAY, _INT32 = 8, 9, 5
_TOKENS: Final = "tokenizer.ggml.tokens"
_TYPES_OF_TOKENS: Final = "tokenizer.ggml.token_type"
_CONTROL: Final = 3
"""llama.cpp's LLAMA_TOKEN_TYPE_CONTROL."""
_SCALARS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
# general.file_type (llama.cpp's llama_ftype).
_FILE_TYPES: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GgufModel:
    """What a header says. Sizes are of all files of a model that comes in parts.

    `parameters`: the elements of all tensors in this file. `context_tokens`, `layers` …: 0 where the header does not
    say, as with files that are no language model. `kv_values`: numbers that one token of context occupies in the cache.
    """

    name: str
    architecture: str
    quantization: str
    parameters: int
    size_bytes: int
    context_tokens: int
    layers: int
    kv_values: int
    has_chat_template: bool

    @property
    def is_language_model(self) -> bool:
        """Whether it has what a model that writes must have."""
        return bool(self.context_tokens and self.layers and self.kv_values)


def read_gguf(path: Path) -> GgufModel:
    """What the header of a file says. Raises Rejected, in one sentence, for one that is no GGUF file or is broken."""
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as exc:
        raise Rejected(f"{path.name} cannot be read ({exc.strerror}).") from exc
    except _Broken as exc:
        raise Rejected(f"{path.name} {exc}") from None


def read_control_tokens(path: Path) -> tuple[str, ...]:
    """The tokens of a file's vocabulary that are no text: marks of turns, of the beginning and of the end.

    None where the file tells none. Raises Rejected as `read_gguf` does.
    """
    try:
        with path.open("rb") as file:
            return _read_control_tokens(path.stat().st_size, file)
    except OSError as exc:
        raise Rejected(f"{path.name} cannot be read ({exc.strerror}).") from exc
    except _Broken as exc:
        raise Rejected(f"{path.name} {exc}") from None


def is_later_part(path: Path) -> bool:
    """Whether this is the second or a further file of a model that comes in several."""
    part = _PART.search(path.name)
    return part is not None and int(part[1]) != 1


class _Broken(Exception):
    """What is wrong with a file, as the rest of a sentence that begins with its name."""


def _read(path: Path, file: BinaryIO) -> GgufModel:
    size_bytes = path.stat().st_size
    cursor = _Cursor(file, size_bytes)
    tensors, pairs = _counts(cursor)
    values = dict(_pair(cursor) for _ in range(pairs))
    parameters, last_offset = 0, 0
    for _ in range(tensors):
        elements, offset = _tensor(cursor)
        parameters, last_offset = parameters + elements, max(last_offset, offset)
    if tensors and cursor.position + last_offset >= size_bytes:
        raise _Broken("is cut off: it ends before its last weights do. Copy or download it again.")
    return _model(path, size_bytes, values, parameters)


def _counts(cursor: "_Cursor") -> tuple[int, int]:
    """How many tensors and values a header says that it holds. Nothing was read before."""
    if cursor.take(4) != MAGIC:
        raise _Broken("is no GGUF file.")
    version = cursor.number("<I")
    if version not in VERSIONS:
        raise _Broken(f"is in version {version} of GGUF, or for other processors; versions 2 and 3 can be read.")
    tensors, pairs = cursor.number("<Q"), cursor.number("<Q")
    if tensors > MOST_TENSORS or pairs > MOST_PAIRS:
        raise _Broken("says that it holds more than any model does; it is broken.")
    return tensors, pairs


def _read_control_tokens(size_bytes: int, file: BinaryIO) -> tuple[str, ...]:
    cursor = _Cursor(file, size_bytes)
    _, pairs = _counts(cursor)
    tokens_at, controls = 0, frozenset[int]()
    for _ in range(pairs):
        key, kind = cursor.text(LONGEST_KEY), cursor.number("<I")
        if key == _TOKENS and kind == _ARRAY:
            tokens_at = cursor.position
        if key == _TYPES_OF_TOKENS and kind == _ARRAY:
            controls = _controls(cursor)
        else:
            _value(cursor, kind)
    if not tokens_at or not controls:
        return ()
    # The types come after the tokens: these are gone through once more.
    file.seek(0)
    cursor = _Cursor(file, size_bytes)
    cursor.skip(tokens_at)
    kind, length = cursor.number("<I"), cursor.number("<Q")
    return tuple(cursor.pick_strings(min(length, max(controls) + 1), controls)) if kind == _STRING else ()


def _controls(cursor: "_Cursor") -> frozenset[int]:
    """The numbers of the tokens whose type says that they are no text."""
    kind, length = cursor.number("<I"), cursor.number("<Q")
    if kind != _INT32 or length > MOST_ELEMENTS:
        raise _Broken("says of its tokens what no model says; it is broken.")
    types = array("i", cursor.take(4 * length))
    return frozenset(number for number, each in enumerate(types) if each == _CONTROL)


def _pair(cursor: "_Cursor") -> tuple[str, Any]:
    key = cursor.text(LONGEST_KEY)
    return key, _value(cursor, cursor.number("<I"))


def _value(cursor: "_Cursor", kind: int) -> Any:
    """A value; of an array only its numbers, and those only where there are not more than layers."""
    if kind in _SCALARS:
        return cursor.number(_SCALARS[kind])
    if kind == _STRING:
        return cursor.text(LONGEST_STRING)
    if kind != _ARRAY:
        raise _Broken(
            f"holds a value of the unknown kind {kind}; it is broken, or newer than this version of Cloister."
        )
    kind, length = cursor.number("<I"), cursor.number("<Q")
    if kind in _SCALARS:
        size = struct.calcsize(_SCALARS[kind])
        if length <= MOST_LAYERS:
            return [cursor.number(_SCALARS[kind]) for _ in range(length)]
        cursor.skip(size * length)
    elif kind == _STRING:
        cursor.skip_strings(length)
    else:
        raise _Broken("holds arrays of arrays, which no model needs; it is broken.")
    return None


def _tensor(cursor: "_Cursor") -> tuple[int, int]:
    """(elements, offset of its data) of one tensor."""
    cursor.text(LONGEST_KEY)
    dimensions = cursor.number("<I")
    if dimensions > MOST_DIMENSIONS:
        raise _Broken("holds a tensor of too many dimensions; it is broken.")
    elements = prod(cursor.number("<Q") for _ in range(dimensions))
    if elements > MOST_PARAMETERS:
        raise _Broken("holds a tensor larger than any model; it is broken.")
    cursor.number("<I")
    return elements, cursor.number("<Q")


class _Cursor:
    """Reads forward. Nothing beyond the file's end or the limits is believed."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file, self._size = file, size_bytes
        self._block, self._at = b"", 0
        self._start = 0
        self._elements = 0

    @property
    def position(self) -> int:
        """Bytes from the file's beginning."""
        return self._start + self._at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self._need(count)
        taken = self._block[self._at : self._at + count]
        self._at += count
        return taken

    def number(self, shape: str) -> Any:
        """The next number in `struct`'s shape."""
        return struct.unpack(shape, self.take(struct.calcsize(shape)))[0]

    def text(self, longest: int) -> str:
        """The next string; of a very long one the beginning."""
        length = self.number("<Q")
        if length > longest:
            raise _Broken("holds a string longer than any that is needed; it is broken.")
        text = self.take(min(length, LONGEST_KEPT)).decode("utf-8", "replace")
        self.skip(max(0, length - LONGEST_KEPT))
        return text

    def skip(self, count: int) -> None:
        """Step over bytes."""
        self._check(count)
        if self._at + count <= len(self._block):
            self._at += count
            return
        self._start, self._block, self._at = self.position + count, b"", 0
        self._file.seek(self._start)

    def skip_strings(self, count: int) -> None:
        """Step over so many strings."""
        self._elements += count
        if self._elements > MOST_ELEMENTS:
            raise _Broken("holds more words than any model knows; it is broken.")
        self._check(8 * count)
        for _ in range(count):
            self._need(8)
            length = int.from_bytes(self._block[self._at : self._at + 8], "little")
            self._at += 8
            self.skip(length)

    def pick_strings(self, count: int, wanted: Container[int]) -> Iterator[str]:
        """Of so many strings, those at the wanted places; the others are stepped over."""
        for place in range(count):
            if place in wanted:
                yield self.text(LONGEST_STRING)
            else:
                self.skip_strings(1)

    def _need(self, count: int) -> None:
        """Have the next `count` bytes in the block."""
        if self._at + count <= len(self._block):
            return
        self._check(count)
        self._start, rest = self.position, self._block[self._at :]
        self._block, self._at = rest + self._file.read(max(_BLOCK, count) - len(rest)), 0
        if len(self._block) < count:
            raise _Broken("is cut off in its header. Copy or download it again.")

    def _check(self, count: int) -> None:
        if self.position + count > self._size:
            raise _Broken("is cut off in its header. Copy or download it again.")
        if self.position + count > MOST_HEADER_BYTES:
            raise _Broken("has a header larger than any model's; it is broken.")


def _model(path: Path, size_bytes: int, values: Mapping[str, Any], parameters: int) -> GgufModel:
    architecture = _word(values.get("general.architecture"))

    def whole(name: str) -> int:
        value = values.get(f"{architecture}.{name}")
        return int(value) if isinstance(value, int) and 0 < value < 1 << 40 else 0

    layers = min(whole("block_count"), MOST_LAYERS)
    return GgufModel(
        name=_word(values.get("general.name")) or path.stem,
        architecture=architecture,
        quantization=_quantization(values.get("general.file_type")),
        parameters=parameters,
        size_bytes=size_bytes + _size_of_further_parts(path),
        context_tokens=whole("context_length"),
        layers=layers,
        kv_values=_kv_values(values, architecture, layers, whole),
        has_chat_template=bool(values.get("tokenizer.chat_template")),
    )


def _kv_values(values: Mapping[str, Any], architecture: str, layers: int, whole: Callable[[str], int]) -> int:
    """Keys and values of one token, over all layers. Heads may be given once, or for each layer."""
    heads = _per_layer(values.get(f"{architecture}.attention.head_count"), layers)
    of_keys = _per_layer(values.get(f"{architecture}.attention.head_count_kv"), layers) or heads
    if not heads or not max(heads):
        return 0
    head_size = whole("embedding_length") // max(heads)
    key, value = whole("attention.key_length") or head_size, whole("attention.value_length") or head_size
    return sum(of_keys) * (key + value)


def _per_layer(given: Any, layers: int) -> list[int]:
    numbers = given if isinstance(given, list) else [given] * layers
    if len(numbers) != layers or not all(isinstance(each, int) and 0 <= each < 1 << 20 for each in numbers):
        return []
    return numbers


def _size_of_further_parts(path: Path) -> int:
    """Bytes of the other files of a model in parts. Raises for one that is not there."""
    part = _PART.search(path.name)
    if part is None:
        return 0
    total, stem = int(part[2]), path.name[: part.start()]
    others = [path.with_name(f"{stem}-{n:05}-of-{part[2]}.gguf") for n in range(2, min(total, 1000) + 1)]
    missing = [other.name for other in others if not other.is_file()]
    if missing:
        raise _Broken(f"is the first of {total} files, and {missing[0]} is not beside it.")
    return sum(other.stat().st_size for other in others)


def _quantization(kind: Any) -> str:
    return _FILE_TYPES.get(kind, f"type {kind}") if isinstance(kind, int) else ""


def _word(value: Any) -> str:
    return " ".join(value.split())[:200] if isinstance(value, str) else ""
