"""Whether a model fits: the arithmetic behind the verdict."""

import pytest

from app.engines.gguf import GgufModel
from app.engines.memory import GPU_RESERVE_BYTES, RESERVE_BYTES, Machine, Need, Verdict, judge, need_of

GB = 1_000_000_000
EIGHT_B = GgufModel("8B", "llama", "Q4_K_M", 8 * GB, 5 * GB, 131_072, 32, 32 * 8 * 128 * 2, True)


def test_the_cache_holds_keys_and_values_of_every_token_in_16_bits() -> None:
    need = need_of(EIGHT_B, context_tokens=8192)
    # 2 · layers · tokens · heads · head size · 2 bytes: one gibibyte for this model, as llama.cpp says at its start.
    assert need.cache == 2 * 32 * 8192 * 8 * 128 * 2 == 1 << 30
    assert (need.weights, need.reserve) == (5 * GB, RESERVE_BYTES)
    assert need.total == need.ram == 5 * GB + (1 << 30) + RESERVE_BYTES


def test_without_a_number_the_window_is_the_trained_one() -> None:
    assert need_of(EIGHT_B, context_tokens=0).cache == 16 << 30


@pytest.mark.parametrize(
    ("room", "verdict"),
    [
        (1250, Verdict.FITS),
        (1249, Verdict.TIGHT),
        (1000, Verdict.TIGHT),
        (999, Verdict.TOO_LARGE),
        (0, Verdict.TOO_LARGE),
    ],
)
def test_the_verdict_changes_at_four_fifths_and_at_the_whole(room: int, verdict: Verdict) -> None:
    assert judge(Need(weights=700, cache=200, reserve=100), Machine(total=9999, available=room)) is verdict


def test_what_the_present_model_frees_counts_as_room() -> None:
    need = Need(weights=700, cache=200, reserve=100)
    assert judge(need, Machine(9999, available=900)) is Verdict.TOO_LARGE
    assert judge(need, Machine(9999, available=900, freed=400)) is Verdict.FITS


def test_layers_on_a_gpu_take_its_memory_and_leave_the_rest_to_the_other() -> None:
    half = need_of(EIGHT_B, context_tokens=8192, gpu_layers=16)
    assert half.on_gpu == 16 / 33
    assert half.vram == round((half.weights + half.cache) * 16 / 33) + GPU_RESERVE_BYTES
    assert half.ram + half.vram == half.total + GPU_RESERVE_BYTES
    whole = need_of(EIGHT_B, context_tokens=8192, gpu_layers=99)
    assert (whole.on_gpu, whole.ram) == (1.0, RESERVE_BYTES)


def test_a_model_for_the_gpu_does_not_fit_where_there_is_none() -> None:
    need = need_of(EIGHT_B, context_tokens=8192, gpu_layers=99)
    assert judge(need, Machine(64 * GB, 60 * GB)) is Verdict.TOO_LARGE
    assert judge(need, Machine(64 * GB, 60 * GB, vram=24 * GB)) is Verdict.FITS
    assert judge(need, Machine(64 * GB, 60 * GB, vram=8 * GB)) is Verdict.TIGHT
