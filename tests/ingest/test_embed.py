"""The embedding cache: no text is embedded twice with one model."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.db.session import Database
from app.errors import EngineUnavailable
from app.ports import Vectors
from ingest.embed import embed_texts
from ingest.embed_together import COMMIT_EVERY, EmbedTogether
from ingest.parse.options import Report, unobserved
from tests.fakes import WordHashEmbedder

TEXTS = ["a long sentence about apples", "pears", "plums and quinces", "pears"]


def embed(
    texts: Sequence[str], *, embedder: WordHashEmbedder, database: Database, report: Report = unobserved
) -> tuple[Vectors, int]:
    """One thread by itself."""
    return embed_texts(texts, embedder=embedder, database=database, together=EmbedTogether(), report=report)


def test_vectors_come_in_the_order_of_the_texts(database: Database) -> None:
    embedder = WordHashEmbedder()
    vectors, _ = embed(TEXTS, embedder=embedder, database=database)
    np.testing.assert_array_equal(vectors, np.stack([embedder.embed_query(text) for text in TEXTS]))


def test_a_text_is_embedded_once(database: Database) -> None:
    embedder = WordHashEmbedder()
    first, first_count = embed(TEXTS, embedder=embedder, database=database)
    second, second_count = embed(TEXTS[::-1], embedder=embedder, database=database)
    assert (first_count, second_count) == (3, 0)
    assert sorted(embedder.embedded) == sorted(set(TEXTS))
    np.testing.assert_array_equal(first, second[::-1])


def test_another_model_embeds_for_itself(database: Database) -> None:
    for model_id in ("one", "two"):
        assert embed(TEXTS, embedder=WordHashEmbedder(model_id), database=database)[1] == 3


def test_no_texts_are_no_vectors(database: Database) -> None:
    vectors, count = embed([], embedder=WordHashEmbedder(), database=database)
    assert vectors.shape == (0, WordHashEmbedder.dim)
    assert count == 0


class TiredEmbedder(WordHashEmbedder):
    """Gives up at its second batch."""

    calls = 0

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        self.calls += 1
        if self.calls > 1:
            raise EngineUnavailable("The embedder is tired.")
        return super().embed_documents(texts)


def test_an_interrupted_embedding_goes_on_where_it_stopped(database: Database) -> None:
    texts = [f"text {number}" for number in range(COMMIT_EVERY + 10)]
    with pytest.raises(EngineUnavailable):
        embed(texts, embedder=TiredEmbedder(), database=database)
    assert embed(texts, embedder=WordHashEmbedder(), database=database)[1] == 10


def test_progress_counts_the_texts_that_were_known(database: Database) -> None:
    texts = [f"text {number}" for number in range(COMMIT_EVERY + 10)]
    embed(texts[:20], embedder=WordHashEmbedder(), database=database)
    told: list[tuple[int, int]] = []
    embed(texts, embedder=WordHashEmbedder(), database=database, report=lambda *facts: told.append(facts))
    assert told[0][0] > 20
    assert told[-1] == (len(texts), len(texts))


def test_threads_that_meet_embed_a_common_text_once(database: Database) -> None:
    embedder, together = WordHashEmbedder(), EmbedTogether()

    def work(n: int) -> Vectors:
        return embed_texts([f"text {n}", "same"], embedder=embedder, database=database, together=together)[0]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(40)))
    expected = embedder.embed_query("same")
    assert all((vectors[1] == expected).all() for vectors in found)
    assert sorted(set(embedder.embedded)) == sorted({"same", *(f"text {n}" for n in range(40))})
