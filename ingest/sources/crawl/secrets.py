"""What signs in at private sites, encrypted at rest (Fernet: AES-128-CBC with HMAC-SHA256)."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from pydantic import TypeAdapter

from app.domain import SignIn
from app.errors import Rejected

_SIGN_IN = TypeAdapter(SignIn)


class SecretBox:
    """Encrypts with one key, whatever its length; another key cannot read it."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))

    def seal(self, sign_in: SignIn) -> bytes:
        """What is kept of it."""
        return self._fernet.encrypt(_SIGN_IN.dump_json(sign_in))

    def open(self, sealed: bytes) -> SignIn:
        """Raises Rejected when it was sealed with another key."""
        try:
            return _SIGN_IN.validate_json(self._fernet.decrypt(sealed))
        except InvalidToken as exc:
            raise Rejected(
                "What signs in at this site was kept under another key (crawl.secret); enter it again."
            ) from exc
