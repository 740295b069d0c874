"""Which files are pictures that can go with a question: told by their first bytes, whatever their names say."""

from pathlib import Path
from typing import Final

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
LONGEST_HEAD: Final = 12
MOST_MB: Final = 20
"""The largest picture that is taken with a question."""


def picture_type(head: bytes) -> str | None:
    """The media type of a picture that can go with a question, by the first bytes of its file."""
    if head.startswith(PNG):
        return "image/png"
    if head.startswith(JPEG):
        return "image/jpeg"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def find_picture_type(path: Path) -> str | None:
    """The same of a file."""
    with path.open("rb") as file:
        return picture_type(file.read(LONGEST_HEAD))
