"""Sentences that were just read are not embedded again."""

import numpy as np
from numpy.testing import assert_array_equal

from app.answer.reading.sentence_memory import SentenceMemory
from tests.fakes import WordHashEmbedder


def test_a_sentence_is_embedded_once_and_its_vector_is_the_same() -> None:
    embedder, memory = WordHashEmbedder(), SentenceMemory()
    first = memory.embed(["one", "two", "one"], embedder)
    again = memory.embed(["two", "three"], embedder)
    assert embedder.embedded == ["one", "two", "three"]
    assert_array_equal(first, WordHashEmbedder().embed_documents(["one", "two", "one"]))
    assert_array_equal(again[0], first[1])


def test_what_is_forgotten_is_embedded_anew() -> None:
    embedder, memory = WordHashEmbedder(), SentenceMemory()
    memory.embed(["one"], embedder)
    memory.clear()
    memory.embed(["one"], embedder)
    assert embedder.embedded == ["one", "one"]


def test_no_more_is_kept_than_was_said_and_nothing_for_longer() -> None:
    embedder, few, brief = WordHashEmbedder(), SentenceMemory(most=2), SentenceMemory(kept_s=0)
    few.embed(["one", "two", "three"], embedder)
    few.embed(["one"], embedder)
    assert embedder.embedded == ["one", "two", "three", "one"]
    brief.embed(["one"], embedder)
    brief.embed(["one"], embedder)
    assert embedder.embedded[4:] == ["one", "one"]


def test_no_sentences_have_no_vectors() -> None:
    embedder = WordHashEmbedder()
    assert SentenceMemory().embed([], embedder).shape == (0, embedder.dim)
    assert SentenceMemory().embed([], embedder).dtype == np.float32
