"""This machine: room on its disks, who may read the folder, what its processor can, how many files may be open."""

import re
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.doctor.findings import Finding, Status
from app.settings import Settings

LOW_DISK_BYTES: Final = 2 << 30
FEW_FILES: Final = 4096
CPUINFO: Final = Path("/proc/cpuinfo")
# What makes models faster, the strongest first, with what is made of it.
FEATURES: Final = {
    "amx_bf16": "computes in bf16 by AMX",
    "avx512_bf16": "computes in bf16",
    "avx512f": "has AVX-512",
    "avx2": "has AVX2",
    "asimd": "has NEON",
}


def examine_disk(settings: Settings) -> Iterator[Finding]:
    """The data folder; and where uploads are put aside while they come in, where that is another disk."""
    data = settings.data_dir if settings.data_dir.exists() else settings.data_dir.parent
    yield _room("Disk", data, settings, "Make room, or move the data folder with CLOISTER_DATA_DIR.")
    aside = Path(tempfile.gettempdir())
    if aside.stat().st_dev != data.stat().st_dev:
        yield _room("Disk for uploads", aside, settings, "Make room, or name another folder in the variable TMPDIR.")


def _room(check: str, folder: Path, settings: Settings, advice: str) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free / (1 << 30):.1f} GiB free in {folder}"
    if free < settings.limits.min_free_mb << 20:
        return Finding(check, Status.BROKEN, f"{detail}; nothing is taken in (limits.min_free_mb)", advice)
    return Finding(check, Status.NOTE, detail, advice) if free < LOW_DISK_BYTES else Finding(check, Status.OK, detail)


def examine_permissions(settings: Settings) -> Finding:
    """Nobody else of the machine may read the data folder; the keys in it are closed once more."""
    folder = settings.data_dir
    if not folder.exists():
        return Finding("Permissions", Status.OK, f"{folder} is not there yet; it will be made for its owner only")
    open_ones = [path for path in (folder, *sorted((folder / "keys").glob("*"))) if path.stat().st_mode & 0o077]
    if open_ones:
        listed = ", ".join(str(path) for path in open_ones)
        advice = f"Close them: chmod go= {' '.join(str(path) for path in open_ones)}"
        return Finding("Permissions", Status.BROKEN, f"others on this machine may open {listed}", advice)
    return Finding("Permissions", Status.OK, "the data folder and its keys are their owner's only")


def examine_processor() -> Finding:
    """What models can use of it."""
    said = CPUINFO.read_text(encoding="utf-8", errors="replace") if CPUINFO.exists() else ""
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", said, re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    best = next((words for flag, words in FEATURES.items() if flag in flags), "")
    if best:
        return Finding("Processor", Status.OK, best)
    if not flags:
        return Finding("Processor", Status.OK, "this system does not tell what the processor can")
    advice = "Models run many times slower without AVX2; use another machine, or an endpoint (generator.engine)."
    return Finding("Processor", Status.NOTE, "has no AVX2", advice)


def examine_open_files() -> Finding:
    """Each person who chats holds a connection open, and the index many files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < FEW_FILES:
        advice = f"Raise it to {FEW_FILES:,} or more before hundreds of people come (ulimit -n, or LimitNOFILE=)."
        return Finding("Open files", Status.NOTE, f"at most {soft:,} at the same time", advice)
    return Finding("Open files", Status.OK, f"at most {soft:,} at the same time" if soft >= 0 else "no limit")
