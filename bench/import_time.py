"""Where the time of an import goes."""

import re
import subprocess
import sys
from collections import Counter

from bench.machine import REPOSITORY

# "import time:   self [us] | cumulative | imported package"
LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)$")


def list_slowest_packages(module: str) -> list[tuple[str, float]]:
    """Seconds spent in each top-level package's own modules while `module` is imported, slowest first."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: Counter[str] = Counter()
    for line in run.stderr.splitlines():
        if found := LINE.match(line):
            seconds[found[2].split(".")[0]] += int(found[1])
    return [(name, microseconds / 1e6) for name, microseconds in seconds.most_common()]
