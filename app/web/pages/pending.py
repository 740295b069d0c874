"""What a browser keeps while its person is at the sign-in service: sealed, so that nobody else can make or read it."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from app.db.sealing import Seal
from app.domain.identity import SignInAttempt

GOOD_FOR_S: Final = 600


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that was begun here, and the page to lead to after it."""

    attempt: SignInAttempt
    next: str


def seal_pending(pending: Pending, seal: Seal) -> str:
    """What the cookie holds."""
    said = {**asdict(pending.attempt), "next": pending.next, "until": time.time() + GOOD_FOR_S}
    return seal.close(json.dumps(said).encode()).decode()


def open_pending(cookie: str, seal: Seal) -> Pending | None:
    """What was sealed; None for what is not ours, or too old."""
    opened = seal.open(cookie.encode())
    if opened is None:
        return None
    said = json.loads(opened)
    if not {"state", "nonce", "verifier", "next", "until"} <= said.keys() or said["until"] < time.time():
        return None
    return Pending(SignInAttempt(said["state"], said["nonce"], said["verifier"]), said["next"])


def local_path(wanted: str) -> str:
    """The path, if it leads to a page of this service, else the chat: no sign-in ends at another site.

    Browsers read a backslash as a slash, and pass over control characters.
    """
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if is_local and wanted.isprintable() and "\\" not in wanted else "/"
