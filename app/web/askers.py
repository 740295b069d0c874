"""Who sends a request, as far as it costs next to nothing to know. What they may do is asked later, and elsewhere."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.db import people
from app.services import Services

ASKER: Final = "cloister.asker"
# For so long, and for so many keys, it is remembered that a key is one of ours.
REMEMBERED_S: Final = 60.0
MOST_REMEMBERED: Final = 4_096


@dataclass(frozen=True, slots=True)
class Asker:
    """`name`: what the requests of a person, a key or an address are counted under. `is_known`: a person or a key.

    `is_local`: this machine's own command line, which may read the data folder anyway.
    """

    name: str
    is_known: bool
    is_local: bool = False


class Askers:
    """Tells people by their signed cookies, programs by their keys, and all others by their network address."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services, self._clock = services, clock
        self._known_keys: dict[str, tuple[str, float]] = {}

    async def find(self, scope: Scope) -> Asker:
        """Who sends this; found once for each request."""
        if ASKER not in scope:
            scope[ASKER] = await self._find(HTTPConnection(scope))
        asker: Asker = scope[ASKER]
        return asker

    async def _find(self, connection: HTTPConnection) -> Asker:
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (asker := await self._by_key(key.strip())):
            return asker
        # Imported late: the chat library reads its folder when it is imported.
        from app.web.chat.sign_in import read_cookie

        if connection.cookies and (cookie := read_cookie(connection.cookies)):
            return Asker(f"person {cookie.person_id}", is_known=True)
        return Asker(f"address {connection.client.host if connection.client else ''}", is_known=False)

    async def _by_key(self, key: str) -> Asker | None:
        if secrets.compare_digest(key.encode(), self._services.local_token.encode()):
            return Asker("local", is_known=True, is_local=True)
        digest, now = hashlib.sha256(key.encode()).hexdigest(), self._clock()
        key_id, until = self._known_keys.get(digest, ("", 0.0))
        if until <= now:
            key_id = await run_in_threadpool(self._find_key_id, key)
        if not key_id:
            return None
        if len(self._known_keys) >= MOST_REMEMBERED:
            self._known_keys.clear()
        if until <= now:
            self._known_keys[digest] = (key_id, now + REMEMBERED_S)
        return Asker(f"key {key_id}", is_known=True)

    def _find_key_id(self, key: str) -> str:
        with self._services.database.read() as session:
            found = people.find_valid_key(session, key)
        return found.id if found else ""
