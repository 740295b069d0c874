"""The lines of a text file in its own encoding, without reading it whole."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from ingest.parse.encoding import BOMS, CP1252, NOT_TEXT, SAMPLE_BYTES

PIECE_BYTES: Final = 1 << 20


def read_lines(path: Path, encoding: str) -> Iterator[str]:
    """Lines that end in `\\n`, without byte order mark or control characters."""
    with path.open(encoding=encoding, errors="replace") as stream:
        for line in stream:
            yield NOT_TEXT.sub("", line) if NOT_TEXT.search(line) else line


def find_encoding(path: Path) -> str:
    """The encoding by byte order mark, by UTF-8 fitting throughout, or by the bytes beyond ASCII."""
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE_BYTES)
    marked = next((encoding for bom, encoding in BOMS if sample.startswith(bom)), None)
    if marked:
        return marked
    if utf16 := _utf16(sample):
        return utf16
    strange = _not_utf8(path)
    return _guessed(strange) if strange else "utf-8"


def _utf16(sample: bytes) -> str:
    """UTF-16 without a mark: western text has a NUL in every second byte, always on the same side."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) * 0.2 and min(even, odd) < len(sample) * 0.02:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _not_utf8(path: Path) -> bytes:
    """What stands around the first bytes that are no UTF-8; b"" where all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as exc:
                return piece[max(exc.start - SAMPLE_BYTES // 2, 0) :][:SAMPLE_BYTES]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return piece or b"\x80"
    return b""


def _guessed(sample: bytes) -> str:
    # Few high bytes are accents of western text, and statistics on so few guess wildly.
    if sum(byte >= 0x80 for byte in sample) <= len(sample) * 0.15:
        return CP1252
    best = from_bytes(sample).best()
    return best.encoding if best else CP1252
