"""How what is sent to an address is signed: as the Standard Webhooks specification says (version 1.0).

A secret that is exchanged signs beside the new one for a day, so that the receiver can change it in its own time.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.db.sealing import Seal, SealedText
from app.errors import Rejected

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
BOTH_SIGN_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """The secret of an address, and the one before it with the moment up to which that one signs too."""

    secret: str = field(repr=False)
    before: str = field(default="", repr=False)
    before_until: datetime | None = None

    def exchanged(self, now: datetime) -> "SigningSecrets":
        """A new secret in place of this one."""
        return SigningSecrets(make_secret(), self.secret, now + BOTH_SIGN_FOR)

    def in_force(self, now: datetime) -> list[str]:
        """Those that sign at this moment, the newest first."""
        is_before_good = self.before_until is not None and now < self.before_until
        return [self.secret, self.before] if is_before_good else [self.secret]

    def closed(self, seal: Seal) -> str:
        """What may be kept of them."""
        until = self.before_until.isoformat() if self.before_until else None
        return seal.close_text(json.dumps({"secret": self.secret, "before": self.before, "before_until": until}))


def open_secrets(sealed: str, seal: Seal) -> SigningSecrets:
    """The secrets of an address. Raises Rejected where they were sealed with another key."""
    opened = seal.open_text(SealedText(sealed))
    if opened is None:
        raise Rejected(
            "The secret of this webhook was sealed with another key, so nothing can be signed. Nothing was sent; "
            "make a new secret, and give it to the receiver."
        )
    kept = json.loads(opened)
    until = datetime.fromisoformat(kept["before_until"]) if kept["before_until"] else None
    return SigningSecrets(kept["secret"], kept["before"], until)


def make_secret() -> str:
    """A new secret, as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """One signature: `v1,` and the HMAC of id, time and body in Base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode('ascii')}"


def signed_headers(signing: SigningSecrets, id: str, body: bytes, *, now: datetime) -> Mapping[str, str]:
    """The three headers of the specification."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(each, id, timestamp, body) for each in signing.in_force(now)),
    }
