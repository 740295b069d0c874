"""ZIP containers read within limits: bytes are counted as they come out, whatever the container states."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app.errors import UnreadableDocument
from app.settings import LimitsSettings

BLOCK_BYTES: Final = 1 << 20
# A ratio says nothing about small files: a page of one letter repeated is no bomb.
RATIO_MATTERS_BYTES: Final = 1 << 20
# All that zipfile was seen to raise on damaged archives.
BROKEN_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class Meter:
    """Counts what a container unpacks to, everything in it together."""

    def __init__(self, path: Path, name: str, limits: LimitsSettings) -> None:
        self._name = name
        self._limits = limits
        self._size_bytes = path.stat().st_size
        self._counted_bytes = 0

    def count(self, size_bytes: int) -> None:
        """Raises UnreadableDocument once there is more than the limits allow."""
        self._counted_bytes += size_bytes
        limits = self._limits
        if self._counted_bytes > limits.unpacked_mb << 20:
            raise UnreadableDocument(
                f"{self._name} unpacks to more than {limits.unpacked_mb} MiB; split it or raise limits.unpacked_mb."
            )
        most_by_ratio = max(self._size_bytes * limits.unpacked_ratio, RATIO_MATTERS_BYTES)
        if self._counted_bytes > most_by_ratio:
            raise UnreadableDocument(
                f"{self._name} unpacks to more than {limits.unpacked_ratio} times its size, as bombs do; "
                "add its content unpacked, or raise limits.unpacked_ratio if you trust it."
            )


@contextmanager
def opened_package(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """The ZIP container at `path`. Raises UnreadableDocument when it, or what is read of it, is broken.

    What goes wrong outside the container, such as a full disk, is raised as it is.
    """
    try:
        with _bad_file():
            package = zipfile.ZipFile(path)
        with package:
            yield package
    except zipfile.BadZipFile as exc:
        raise UnreadableDocument(f"{name} is damaged (a broken ZIP container); add an intact copy.") from exc


def read_blocks(package: zipfile.ZipFile, member: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    """A member's bytes, piece by piece; reading to the end proves its checksum. Raises BadZipFile."""
    with _bad_file(), package.open(member) as stream:
        while block := stream.read(BLOCK_BYTES):
            meter.count(len(block))
            yield block


def read_start(package: zipfile.ZipFile, member: str) -> bytes:
    """The first MiB of a member. Raises BadZipFile."""
    with _bad_file(), package.open(member) as stream:
        return stream.read(BLOCK_BYTES)


@contextmanager
def _bad_file() -> Iterator[None]:
    try:
        yield
    except BROKEN_ARCHIVE as exc:
        raise zipfile.BadZipFile from exc


def read_through(package: zipfile.ZipFile, meter: Meter) -> None:
    """Read everything once: damage shows here, where it has a name, and not inside a vendor's parser."""
    for member in package.infolist():
        for _ in read_blocks(package, member, meter):
            pass
