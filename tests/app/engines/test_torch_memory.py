"""Memory of computations: bounded however many shapes of batches were seen, and given back."""

import subprocess
import sys

import pytest

from app.engines.torch_memory import EVERY_S, FreeMemory
from app.settings import PROJECT_DIR

# In a process of its own: what is kept is set before the first computation.
GROW = """
import random
import psutil
from app.engines.embedders.local import SentenceTransformersEmbedder
from app.engines.torch_memory import FreeMemory
from app.settings import load_settings

embedder = SentenceTransformersEmbedder(load_settings().embedder)
chance = random.Random(3)

def embed(batches):
    for _ in range(batches):
        embedder.embed_documents(["word " * chance.randint(1, 60) for _ in range(chance.randint(1, 9))])
    trimmed = FreeMemory()
    trimmed._given_at = 0
    trimmed.give_back()
    return psutil.Process().memory_info().rss

before = embed(20)
print(embed(70) - before)
"""
MIB = 2**20


def test_batches_of_ever_new_shapes_leave_memory_as_it_is() -> None:
    told = subprocess.run([sys.executable, "-c", GROW], cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    assert int(told.stdout.split()[-1]) < 20 * MIB


def test_memory_is_given_back_now_and_then_and_not_after_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    moments = iter((0.0, 1.0, EVERY_S, EVERY_S, EVERY_S + 1, 2 * EVERY_S, 2 * EVERY_S))
    monkeypatch.setattr("app.engines.torch_memory.time.monotonic", lambda: next(moments))
    memory = FreeMemory()
    memory._trim = given.append
    for _ in range(4):
        memory.give_back()
    assert len(given) == 2
