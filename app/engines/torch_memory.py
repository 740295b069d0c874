"""What is kept of a computation's memory on the processor, held to what is of use.

oneDNN, which PyTorch computes bf16 with, keeps a program and its space for each shape of input, up to 1,024 of them.
Batches of texts hardly ever have the shape of others: after 600 of them a service held 540 MB, and needed none of it.
With 64, questions still find theirs (6.7 ms in place of 5.9). What is free, but lies between what is not, the C library
keeps for itself unless it is told to give it back, which takes 20 ms.
"""

import ctypes
import os
import threading
import time
from typing import Any, Final

SHAPES_KEPT: Final = "64"
EVERY_S: Final = 10.0


def keep_few_shapes() -> None:
    """Call it before the first computation. Who set the variables otherwise knows why."""
    for variable in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(variable, SHAPES_KEPT)


class FreeMemory:
    """Gives free memory back to the system, once in ten seconds of work at most. Only glibc can."""

    def __init__(self) -> None:
        self._trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._given_at = time.monotonic()
        self._lock = threading.Lock()

    def give_back(self) -> None:
        """To be called after work that needed much."""
        if self._trim is None or not self._lock.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._given_at >= EVERY_S:
                self._trim(0)
                self._given_at = time.monotonic()
        finally:
            self._lock.release()
