"""The wheels of a bundle: Cloister's own, those of requirements.lock, and the pip that installs them."""

import email
import email.message
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import NormalizedName, parse_wheel_filename

PROJECT = Path(__file__).resolve().parents[1]
LOCK = PROJECT / "requirements.lock"
# A machine without a network may have an old pip or, on Debian, none; so the bundle brings its own.
PIP = "pip==26.3"
OURS = ("app", "ingest")
NEEDED_TO_BUILD = ("pyproject.toml", "README.md", "LICENSE")


class BundleError(Exception):
    """The bundle cannot be made. The message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on disk. `name` is normalised; `sha256` is the file's, in hexadecimal."""

    path: Path
    name: NormalizedName
    version: str
    tags: frozenset[Tag]
    sha256: str
    metadata: email.message.Message = field(repr=False)


def collect_wheels(into: Path, *, epoch: int, extra_index: str = "") -> list[Wheel]:
    """Put all wheels into this folder, sources built to wheels; nothing is resolved anew. Raises BundleError."""
    build_own_wheel(into, epoch=epoch)
    index = ["--extra-index-url", extra_index] if extra_index else []
    run_pip("wheel", "--requirement", str(LOCK), *index, into=into, epoch=epoch)
    run_pip("wheel", PIP, into=into, epoch=epoch)
    return read_wheels(into)


def build_own_wheel(into: Path, *, epoch: int) -> Wheel:
    """Build Cloister's wheel from the tracked files alone. Raises BundleError where one of them is not in it."""
    with tempfile.TemporaryDirectory() as clean:
        # Built elsewhere: setuptools would take what an earlier build left in build/lib.
        copy_tracked(Path(clean), *OURS, *NEEDED_TO_BUILD)
        # setuptools is one of our own pins, so no index is asked.
        run_pip("wheel", "--no-index", "--no-build-isolation", clean, into=into, epoch=epoch)
    wheel = read_wheel(next(into.glob("cloister-*.whl")))
    with zipfile.ZipFile(wheel.path) as archive:
        left_out = set(list_tracked(*OURS)) - set(archive.namelist())
    if left_out:
        raise BundleError(f"Cloister's wheel lacks {sorted(left_out)}; add them to package-data in pyproject.toml.")
    return wheel


def read_wheels(folder: Path) -> list[Wheel]:
    """Every wheel of a folder, by file name."""
    return [read_wheel(path) for path in sorted(folder.glob("*.whl"))]


def read_wheel(path: Path) -> Wheel:
    """What a wheel says of itself."""
    name, version, _, tags = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as archive:
        inside = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        metadata = email.message_from_bytes(archive.read(inside))
    return Wheel(path, name, str(version), tags, digest(path), metadata)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_tracked(*paths: str) -> list[str]:
    """The files below these paths that git knows, relative to the project. Raises BundleError."""
    found = subprocess.run(["git", "ls-files", "-z", "--", *paths], cwd=PROJECT, capture_output=True, text=True)
    if found.returncode:
        raise BundleError(
            f"git does not say which files belong to Cloister; make the bundle in a checkout. {found.stderr}"
        )
    return [name for name in found.stdout.split("\0") if name]


def copy_tracked(into: Path, *paths: str) -> None:
    """Copy what git knows below these paths, as it is in the working tree."""
    for name in list_tracked(*paths):
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((PROJECT / name).read_bytes())


def run_pip(command: str, *arguments: str, into: Path, epoch: int) -> None:
    """Let pip write wheels into a folder, without looking at dependencies. Raises BundleError with pip's last words."""
    options = ["--no-deps", "--disable-pip-version-check", "--progress-bar", "off", "--wheel-dir", str(into)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, *options, *arguments],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise BundleError(
            f"pip could not provide every wheel; nothing was written. It said:\n{_last_lines(done.stdout)}"
        )


def hashed_requirements(wheels: Iterable[Wheel]) -> str:
    """A requirements file that names exactly these wheels: pip refuses any other file."""
    return "".join(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-12:])
