"""Bytes to text when nobody says which encoding."""

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES: Final = 32 * 1024
# cp1252 leaves five bytes undefined; real files hold them all the same.
CP1252: Final = "cp1252"
NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class NotTextError(ValueError):
    """The bytes are no text in any encoding that we know."""


def decode(content: bytes, declared: str = "") -> str:
    """Text with `\\n` line ends, without byte order mark or control characters. Raises NotTextError.

    `declared`: the encoding that somebody says it has. Servers and templates often say what is not so: where it cannot
    be, what the bytes say themselves is believed.
    """
    text = _as_declared(content, declared) or _decoded(content)
    # A stray control character happens (form feeds of printers' files are none); many mean a binary file.
    if len(NOT_TEXT.findall(text[:SAMPLE_BYTES])) > len(text[:SAMPLE_BYTES]) // 200:
        raise NotTextError
    return NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _as_declared(content: bytes, declared: str) -> str:
    if not declared or any(content.startswith(bom) for bom, _ in BOMS):
        return ""
    try:
        return content.decode(declared)
    except (LookupError, UnicodeDecodeError):
        return ""


def _decoded(content: bytes) -> str:
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return content.decode(encoding, errors="replace").removeprefix("\ufeff")
    if _looks_utf16(content):
        return content.decode("utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(content)


def _looks_utf16(content: bytes) -> bool:
    """UTF-16 without a mark: western text has a NUL in every second byte, always on the same side."""
    sample = content[:SAMPLE_BYTES]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return max(even, odd) > len(sample) * 0.2 and min(even, odd) < len(sample) * 0.02


def _guessed(content: bytes) -> str:
    sample = content[:SAMPLE_BYTES]
    if sample.count(0) > 0:
        raise NotTextError
    high = sum(byte >= 0x80 for byte in sample)
    # Few high bytes are accents of western text, and statistics on so few guess wildly.
    if high > len(sample) * 0.15:
        best = from_bytes(sample).best()
        if best is None:
            raise NotTextError
        return content.decode(best.encoding, errors="replace")
    return content.decode(CP1252, errors="replace")
