"""A stream under a passphrase: scrypt makes the keys, AES-256-GCM seals blocks of it.

    cloister-backup-encrypted 1\\n
    {"kdf": "scrypt", "n": …, "r": …, "p": …, "salt": …, "prefix": …, "block_bytes": …}\\n
    HMAC-SHA-256 of these two lines (32 bytes)
    blocks: the stream in parts of `block_bytes`, each with its tag (16 bytes); the last one may be shorter

A block's nonce is the prefix (7 random bytes), its number (4 bytes, from 0) and whether it is the last (1 byte): blocks
cannot be moved, left out or cut off unseen. The HMAC tells a wrong passphrase before any block is read, and is what the
blocks are bound to.
"""

import base64
import io
import json
import os
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.errors import Rejected

MAGIC: Final = b"cloister-backup-encrypted 1\n"
BLOCK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16
MAC_BYTES: Final = 32
LONGEST_HEADER: Final = 1000
# 128 MiB and about 0.4 s for each guess. A header that asks for other costs is none of ours: it would only be there to
# take the memory of whoever opens it.
COST: Final = {"n": 1 << 17, "r": 8, "p": 1}
MOST_BLOCKS: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a passphrase and a salt make. `bound_to`: what every block is authenticated with."""

    blocks: AESGCM
    prefix: bytes
    bound_to: bytes

    def nonce(self, number: int, *, is_last: bool) -> bytes:
        return self.prefix + number.to_bytes(4) + bytes([is_last])


def _derive(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    made = Scrypt(salt=salt, length=64, **COST).derive(passphrase.encode())
    return made[:32], made[32:]


def _mac(key: bytes, content: bytes) -> HMAC:
    mac = HMAC(key, SHA256())
    mac.update(content)
    return mac


class EncryptingWriter(io.RawIOBase):
    """Writes what it is given, encrypted, to another stream. Only after `close` is it whole."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        salt, prefix = os.urandom(16), os.urandom(7)
        block_key, mac_key = _derive(passphrase, salt)
        facts = COST | {"kdf": "scrypt", "salt": _text(salt), "prefix": _text(prefix), "block_bytes": BLOCK_BYTES}
        header = MAGIC + json.dumps(facts).encode() + b"\n"
        mac = _mac(mac_key, header).finalize()
        target.write(header + mac)
        self._target = target
        self._keys = _Keys(AESGCM(block_key), prefix, mac)
        self._waiting = bytearray()
        self._number = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        """Takes all of it."""
        self._waiting += content
        # One block is held back: only at the end it is known whether it was the last.
        while len(self._waiting) > BLOCK_BYTES:
            self._seal(bytes(self._waiting[:BLOCK_BYTES]), is_last=False)
            del self._waiting[:BLOCK_BYTES]
        return len(content)

    def finish(self) -> None:
        """Write the last block. Without it the file does not open."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, block: bytes, *, is_last: bool) -> None:
        if self._number >= MOST_BLOCKS:
            raise Rejected("A backup of more than 4 PiB cannot be encrypted.")
        nonce = self._keys.nonce(self._number, is_last=is_last)
        self._target.write(self._keys.blocks.encrypt(nonce, block, self._keys.bound_to))
        self._number += 1


class DecryptingReader(io.RawIOBase):
    """Reads what an EncryptingWriter wrote. Nothing of a block is given out before the whole block is authentic."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        """The magic is read already. Raises Rejected for a wrong passphrase or a header that was changed."""
        line = source.readline(LONGEST_HEADER)
        salt, prefix = _read_header(line)
        block_key, mac_key = _derive(passphrase, salt)
        mac = source.read(MAC_BYTES)
        try:
            _mac(mac_key, MAGIC + line).verify(mac)
        except InvalidSignature as exc:
            raise Rejected(
                "The passphrase is wrong, or the beginning of the file was altered. Nothing was written. Try again "
                "with the passphrase that the backup was taken with; without it nobody can open the file."
            ) from exc
        self._source = source
        self._keys = _Keys(AESGCM(block_key), prefix, mac)
        self._number = 0
        self._next = source.read(BLOCK_BYTES + TAG_BYTES)
        self._open = b""
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises Rejected for a file that was altered or cut off."""
        while not self._open and not self._is_over:
            self._open_block()
        part = self._open[: len(buffer)]
        buffer[: len(part)] = part
        self._open = self._open[len(part) :]
        return len(part)

    def _open_block(self) -> None:
        sealed, self._next = self._next, self._source.read(BLOCK_BYTES + TAG_BYTES)
        self._is_over = not self._next
        nonce = self._keys.nonce(self._number, is_last=self._is_over)
        try:
            self._open = self._keys.blocks.decrypt(nonce, sealed, self._keys.bound_to)
        except (InvalidTag, ValueError) as exc:
            raise Rejected(
                f"The backup was altered, damaged or cut off (block {self._number + 1}). Use another copy of the file."
            ) from exc
        self._number += 1


def _read_header(line: bytes) -> tuple[bytes, bytes]:
    """Salt and prefix."""
    try:
        facts = json.loads(line)
        if {name: facts[name] for name in COST} != COST or facts["block_bytes"] != BLOCK_BYTES:
            raise ValueError("other costs")
        return base64.b64decode(facts["salt"], validate=True), base64.b64decode(facts["prefix"], validate=True)
    except (ValueError, KeyError, TypeError) as exc:
        raise Rejected("The beginning of the backup was altered or is damaged. Use another copy of the file.") from exc


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
