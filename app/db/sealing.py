"""Secrets in the database, encrypted (Fernet: AES-128-CBC with HMAC-SHA256) with a key that it does not hold."""

import base64
import hashlib
from pathlib import Path
from typing import Final, NewType

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.db.keys import get_or_create_key

SealedText = NewType("SealedText", str)
"""A text as it may be kept: a mark, and what the seal made of it."""

MARK: Final = "sealed:"
# What keys were kept as before there was one for all. What they sealed can still be opened.
SOURCES_KEY: Final = "sources"
EARLIER_KEYS: Final = (SOURCES_KEY, "choices")


class Seal:
    """Encrypts with one key, whatever its length; another key cannot read it. `earlier` keys open what they sealed."""

    def __init__(self, key: str, *earlier: str) -> None:
        self._fernet = MultiFernet([_fernet(each) for each in (key, *earlier)])
        self.digest = hashlib.sha256(f"digest of {key}".encode()).hexdigest()
        """Tells keys apart; what it was made of cannot be told from it."""

    def close(self, content: bytes) -> bytes:
        """What may be kept of it."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes | None:
        """The content; None when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None

    def close_text(self, text: str) -> SealedText:
        """What may be kept of a text."""
        return SealedText(MARK + self.close(text.encode()).decode("ascii"))

    def open_text(self, sealed: SealedText) -> str | None:
        """The text; None when it was sealed with another key."""
        content = self.open(sealed.removeprefix(MARK).encode())
        return None if content is None else content.decode()


def open_seal(secret: str, folder: Path) -> Seal:
    """The seal of the service: under `secret`, else under a key that is made once and kept in this folder."""
    key = secret or get_or_create_key(folder / SOURCES_KEY)
    kept = [get_or_create_key(folder / name) for name in EARLIER_KEYS if (folder / name).is_file()]
    return Seal(key, *[each for each in kept if each != key])


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
