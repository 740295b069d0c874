"""The facts without which a measured number means nothing."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ENGINES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "qdrant-edge-py",
    "xllamacpp",
    "pypdfium2",
    "dbos",
    "sqlalchemy",
    "chainlit",
    "fastapi",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What the run had. `load_average` is that of the last minute, the run itself included."""

    cpu: str
    cores: int
    memory_gib: float
    load_average: float
    system: str
    python: str
    packages: dict[str, str] = field(default_factory=dict)


def read_machine() -> Machine:
    """The facts of this machine."""
    return Machine(
        cpu=_read_cpu(),
        cores=os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        load_average=round(os.getloadavg()[0], 2),
        system=platform.platform(terse=True),
        python=platform.python_version(),
        packages={name: version(name) for name in ENGINES},
    )


def read_commit() -> str:
    """The short commit; `-dirty` where the tree differs from it, `unknown` outside a repository."""
    commit = _git("rev-parse", "--short", "HEAD")
    if not commit:
        return "unknown"
    return f"{commit}-dirty" if _git("status", "--porcelain", "--untracked-files=no") else commit


def _git(*arguments: str) -> str:
    try:
        run = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def _read_cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
