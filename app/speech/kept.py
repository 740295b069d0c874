"""Texts that wait to be spoken, for a while and in memory only."""

import threading
import uuid
from collections import OrderedDict
from typing import Final

MOST: Final = 200
PREFIX: Final = "said-"


class SpokenTexts:
    """Each belongs to one person. The oldest goes when there are too many."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._texts: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, text: str, *, owner: str) -> str:
        """Keep a text; returns the id by which its owner finds it."""
        id = f"{PREFIX}{uuid.uuid4()}"
        with self._lock:
            self._texts[id] = (owner, text)
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)
        return id

    def find(self, id: str, *, owner: str) -> str | None:
        """The text, where it is this person's and still there."""
        with self._lock:
            kept_for, text = self._texts.get(id, ("", ""))
        return text if kept_for == owner and text else None
