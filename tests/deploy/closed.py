"""A process as it is in its container: no root, no capabilities, and two places where it can write."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER = 10001
# Mounts are its own, so nothing of the machine is changed. A Python below a closed home is shown in an open one.
SCRIPT = """
set -e
data=$1 tmp=$2 home=$3 python=$4
shift 4
mount --make-rprivate /
mount --bind "$data" "$data"
mount -t tmpfs -o size=1g,mode=1777,nosuid,nodev,noexec tmpfs "$tmp"
if [ -n "$home" ]; then
  mount -t tmpfs -o mode=755 tmpfs /mnt
  mkdir -p "/mnt/${python#"$home"/}"
  mount --bind "$python" "/mnt/${python#"$home"/}"
  mount --rbind /mnt "$home"
  mount -o remount,bind,ro "$home"
fi
mount -o remount,bind,ro /
export HOME="$tmp" TMPDIR="$tmp" PYTHONDONTWRITEBYTECODE=1
exec setpriv --reuid USER --regid USER --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
""".replace("USER", str(USER))


@dataclass(frozen=True, slots=True)
class Closed:
    """`data` is the volume, `within` what starts a process so."""

    data: Path
    within: tuple[str, ...]


@contextmanager
def closed() -> Iterator[Closed]:
    """The volume and the way to start a process with it. Skips, loudly, where mounts cannot be changed."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or _run("unshare", "--mount", "true") != 0:
        pytest.skip("NOT TRIED ON A READ-ONLY FILE SYSTEM: that needs root, unshare and setpriv (util-linux)")
    # Not below the tests' own folder, which only their user may enter.
    with tempfile.TemporaryDirectory(prefix="cloister-closed-") as folder:
        data, tmp = Path(folder, "data"), Path(folder, "tmp")
        data.mkdir(mode=0o700)
        tmp.mkdir()
        os.chown(data, USER, USER)
        Path(folder).chmod(0o755)
        python = Path(sys.base_prefix)
        home = next((each for each in python.parents[::-1] if not each.stat().st_mode & 0o001), None)
        start = ("unshare", "--mount", "sh", "-c", SCRIPT, "sh")
        yield Closed(data, (*start, str(data), str(tmp), str(home or ""), str(python)))


def _run(*command: str) -> int:
    return subprocess.run(command, capture_output=True).returncode
