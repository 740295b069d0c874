"""Work that runs waits for a store that is away, and goes on where it was. To fail would lose the night's work.

A person who waits for an answer is told at once instead; see `app.errors.StoreAway`.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from app.errors import StoreAway

T = TypeVar("T")
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0
log = logging.getLogger("cloister.ingest")


def wait_for_stores(
    action: Callable[[], T], closing: threading.Event, told: Callable[[StoreAway], None] = lambda _: None
) -> T:
    """What `action` returns, called again until the stores answer; `told` hears why it waits.

    Raises StoreAway once the service is `closing`.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return action()
        except StoreAway as exc:
            told(exc)
            if pause_s == FIRST_PAUSE_S:
                log.warning("Work waits: %s", exc)
            if closing.wait(pause_s):
                raise
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
