"""Secrets in the database, encrypted (Fernet: AES-128-CBC with HMAC-SHA256) with a key that it does not hold."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Encrypts with one key, whatever its length; another key cannot read it."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))

    def close(self, content: bytes) -> bytes:
        """What may be kept of it."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes | None:
        """The content; None when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None
