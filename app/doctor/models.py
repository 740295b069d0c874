"""Which language models fit this machine's memory: those that are there, and what to look for."""

from pathlib import Path
from typing import Final

from app.doctor.findings import Finding, Status
from app.engines.gguf import is_later_part, read_gguf
from app.engines.memory import FITS_BELOW, RESERVE_BYTES, Machine, Verdict, judge, look_at_machine, need_of
from app.errors import Rejected
from app.settings import Settings

MOST_NAMED: Final = 5
GIB: Final = 1 << 30
# Bits of a weight, as measured over files of the usual models (llama.cpp's own table), the smallest that is still good
# for answers first.
BITS: Final = {"Q4_K_M": 4.9, "Q8_0": 8.5}
# Sizes that models come in, in billions of parameters.
SIZES: Final = (1, 1.5, 3, 4, 7, 8, 12, 14, 24, 32, 70)
WINDOW: Final = 8192
# Bytes of cache for a token and a billion parameters: 128 KiB for 8 billion, as grouped attention of that size has it.
CACHE_BYTES: Final = (128 << 10) / 8


def examine_models(settings: Settings) -> Finding:
    """What of `generator.models_dir` fits, and which quantization and size this memory carries."""
    machine = look_at_machine(freed=0, vram=())
    fitting, others = _sort(settings, machine)
    parts = [f"{machine.available / GIB:.1f} of {machine.total / GIB:.1f} GiB of memory are free"]
    if fitting:
        parts.append(f"of the models in {settings.models_dir} fit: {_list(fitting)}")
    if others:
        parts.append(f"these do not: {_list(others)}")
    if settings.generator.engine != "llamacpp":
        return Finding("Models that fit", Status.OK, "; ".join(parts))
    status = Status.NOTE if others and not fitting else Status.OK
    return Finding("Models that fit", status, "; ".join(parts), suggest(machine))


def suggest(machine: Machine) -> str:
    """What to look for: the largest usual size at a good quantization, and at the best one. "" where nothing fits."""
    found = [(kind, _largest(machine.ram, bits)) for kind, bits in BITS.items()]
    named = [f"a {kind} of about {size:g} billion parameters" for kind, size in found if size]
    if not named:
        return "No usual model fits; free some memory, or use an endpoint (generator.engine: openai)."
    return f"This memory carries {' or '.join(named)}, with a window of {WINDOW:,} tokens."


def _largest(ram: int, bits: float) -> float:
    """In billions of parameters; 0 where none fits."""
    room = ram * FITS_BELOW - RESERVE_BYTES
    fitting = [size for size in SIZES if size * (1e9 * bits / 8 + WINDOW * CACHE_BYTES) <= room]
    return max(fitting, default=0)


def _sort(settings: Settings, machine: Machine) -> tuple[list[str], list[str]]:
    fitting: list[str] = []
    others: list[str] = []
    for path in _files(settings.models_dir):
        try:
            model = read_gguf(path)
        except Rejected:
            continue  # the page of the models says what is wrong with it
        if not model.is_language_model:
            continue
        context = settings.generator.context_tokens or min(model.context_tokens, WINDOW)
        fits = judge(need_of(model, context_tokens=context), machine) is not Verdict.TOO_LARGE
        (fitting if fits else others).append(f"{path.name} ({model.quantization}, {model.size_bytes / GIB:.1f} GiB)")
    return fitting, others


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*.gguf") if path.is_file()) if folder.is_dir() else []
    return [path for path in found if not is_later_part(path)]


def _list(names: list[str]) -> str:
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + rest
