"""Whether a language model fits into this machine: what it needs, what there is, and a verdict that can be checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import psutil  # type: ignore[import-untyped]

from app.engines.gguf import GgufModel

KV_BYTES: Final = 2
"""llama.cpp keeps the cache in 16-bit floats."""
# Beside weights and cache: llama.cpp's own buffers (measured for SmolLM2: 4 to 39 MiB; they grow with vocabulary and
# width), and the prompts of other conversations that it keeps (at most 512 MiB, `PROMPT_CACHE_MIB`).
RESERVE_BYTES: Final = (256 + 512) << 20
GPU_RESERVE_BYTES: Final = 512 << 20
FITS_BELOW: Final = 0.8


class Verdict(StrEnum):
    """`tight`: four fifths of what is free or more; other programs will feel it."""

    FITS = "fits"
    TIGHT = "tight"
    TOO_LARGE = "does not fit"


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that a model needs. `cache`: of a full window. `on_gpu`: the part of weights and cache computed there."""

    weights: int
    cache: int
    reserve: int
    on_gpu: float = 0.0

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.reserve

    @property
    def ram(self) -> int:
        """What of it lies in main memory."""
        return round((self.weights + self.cache) * (1 - self.on_gpu)) + self.reserve

    @property
    def vram(self) -> int:
        """What of it lies on the GPU, with the buffers there."""
        return round((self.weights + self.cache) * self.on_gpu) + GPU_RESERVE_BYTES if self.on_gpu else 0


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes of main memory: all, what is available now, and what the present model would free; free bytes of GPUs."""

    total: int
    available: int
    freed: int = 0
    vram: int = 0

    @property
    def ram(self) -> int:
        """What a model in place of the present one could have."""
        return self.available + self.freed


def need_of(model: GgufModel, *, context_tokens: int, gpu_layers: int = 0) -> Need:
    """What a model needs with this window; 0 takes the window that it was trained for."""
    window = context_tokens or model.context_tokens
    # The layer after the last one counts as one more for llama.cpp.
    on_gpu = min(gpu_layers, model.layers + 1) / (model.layers + 1) if gpu_layers else 0.0
    return Need(model.size_bytes, window * model.kv_values * KV_BYTES, RESERVE_BYTES, on_gpu)


def judge(need: Need, machine: Machine) -> Verdict:
    """The worse of what holds for main memory and for the GPU."""
    parts = [need.ram / max(machine.ram, 1)]
    if need.on_gpu:
        parts.append(need.vram / max(machine.vram, 1))
    worst = max(parts)
    if worst > 1:
        return Verdict.TOO_LARGE
    return Verdict.TIGHT if worst > FITS_BELOW else Verdict.FITS


def look_at_machine(*, freed: int, vram: Sequence[int]) -> Machine:
    """This machine's memory at this moment."""
    memory = psutil.virtual_memory()
    return Machine(memory.total, memory.available, freed, sum(vram))
