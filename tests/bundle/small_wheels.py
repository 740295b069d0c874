"""Wheels made by hand, small enough that making and installing a bundle of them takes a second."""

import importlib.metadata
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution
from pathlib import Path

from bundle.wheels import Wheel, read_wheel

# What a stand-in for Cloister does: tell how it was started. `doctor` fails where the wheel was made broken.
TELLING = """
import json, os, sys
def main():
    settings = {name: value for name, value in os.environ.items() if name.startswith("CLOISTER_")}
    print(json.dumps({"arguments": sys.argv[1:], "settings": settings, "prefix": sys.prefix, "version": "%s"}))
    sys.exit(%d if "doctor" in sys.argv else 0)
"""


def write_wheel(
    folder: Path, name: str, version: str, *, headers: Iterable[str] = (), files: Mapping[str, bytes] | None = None
) -> Wheel:
    """A wheel for any machine. `headers` are further lines of its METADATA; `files` are by path."""
    about = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    metadata = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *headers, ""])
    content = {
        **(files or {}),
        f"{about}/METADATA": metadata.encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{about}/RECORD"] = "".join(f"{each},,\n" for each in [*content, f"{about}/RECORD"]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, body in content.items():
            archive.writestr(inside, body)
    return read_wheel(path)


def write_small_cloister(folder: Path, version: str = "1.0", *, works: bool = True) -> Wheel:
    """A `cloister` command that tells how it was started."""
    return write_wheel(
        folder,
        "cloister",
        version,
        headers=["License-Expression: Apache-2.0"],
        files={
            "small_cloister.py": (TELLING % (version, 0 if works else 1)).encode(),
            f"cloister-{version}.dist-info/entry_points.txt": b"[console_scripts]\ncloister = small_cloister:main\n",
        },
    )


def write_installed(folder: Path, name: str) -> Wheel:
    """The installed package of this name as a wheel again, whole."""
    found = importlib.metadata.distribution(name)
    return _write(folder, found, {str(file): Path(str(found.locate_file(file))).read_bytes() for file in _files(found)})


def write_thin(folder: Path, name: str) -> Wheel:
    """The installed package of this name as a wheel with its metadata and file names, and nothing but zeros in it."""
    found = importlib.metadata.distribution(name)
    return _write(folder, found, {str(file): _thin(found, str(file)) for file in _files(found)})


def _files(found: Distribution) -> list[Path]:
    files = [Path(str(file)) for file in found.files or [] if ".." not in file.parts]
    return [file for file in files if file.suffix != ".pyc" and Path(str(found.locate_file(file))).is_file()]


def _thin(found: Distribution, file: str) -> bytes:
    path = Path(str(found.locate_file(file)))
    return path.read_bytes() if ".dist-info/" in file else bytes(min(path.stat().st_size, 1 << 16))


def _write(folder: Path, found: Distribution, files: Mapping[str, bytes]) -> Wheel:
    name = found.metadata["Name"].replace("-", "_").replace(".", "_")
    path = folder / f"{name}-{found.version}-py{sys.version_info.major}-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for inside, body in files.items():
            archive.writestr(inside, body)
    return read_wheel(path)
