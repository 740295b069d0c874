"""The vector index's contract, on every engine: Edge in a folder, and Qdrant's client.

The client runs in memory, which speaks the server's API, and against a real server when
CLOISTER_TEST_QDRANT_URL names one.
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from app.domain import IndexedChunk, SearchFilter, SparseVector
from app.engines.vector_index.edge import EdgeIndex
from app.engines.vector_index.layout import name_collection
from app.engines.vector_index.server import ServerIndex
from app.errors import EngineUnavailable, IndexBusy, ModelMismatch
from app.ports import VectorIndex, Vectors
from app.settings import PROJECT_DIR, VectorIndexSettings, load_settings
from tests.qdrant_stand_in import QdrantStandIn

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

REAL_SERVER = os.environ.get("CLOISTER_TEST_QDRANT_URL", "")
# What stands in for a server where none is reachable must itself be one to its clients.
OVER_HTTP = "stand-in"
MODEL = "model@1"
DIM = 4
NO_WORDS = SparseVector((), ())
NORTH, EAST, SOUTH = (np.eye(DIM, dtype=np.float32)[i] for i in range(3))


class OneAtATime:
    """The in-memory client, which stands in for a server here, is not made for several threads; a server is."""

    def __init__(self, client: QdrantClient) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                return found(*args, **kwargs)

        return call


def memory_client() -> QdrantClient:
    return cast(QdrantClient, OneAtATime(QdrantClient(":memory:")))


def server_settings(url: str = "http://127.0.0.1:6333") -> VectorIndexSettings:
    return load_settings({"vector_index": {"engine": "server", "url": url, "timeout_s": 10}}).vector_index


def open_edge(tmp_path: Path) -> EdgeIndex:
    index = EdgeIndex(tmp_path / "index")
    index.open(dim=DIM, model_id=MODEL)
    return index


def open_in_memory(_: Path) -> ServerIndex:
    index = ServerIndex(server_settings(), memory_client())
    index.open(dim=DIM, model_id=MODEL)
    return index


def open_real_server(_: Path) -> ServerIndex:
    if not REAL_SERVER:
        pytest.skip("no real Qdrant server: set CLOISTER_TEST_QDRANT_URL to test against one")
    return open_at(REAL_SERVER)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[QdrantStandIn]:
    with QdrantStandIn() as qdrant:
        yield qdrant


def open_at(url: str) -> ServerIndex:
    index = ServerIndex(server_settings(url))
    index.open(dim=DIM, model_id=f"test-{uuid.uuid4()}")
    return index


ENGINES: Mapping[str, Callable[[Path], VectorIndex]] = {
    "edge": open_edge,
    "memory": open_in_memory,
    "server": open_real_server,
}


@pytest.fixture(params=[*ENGINES, OVER_HTTP])
def index(request: pytest.FixtureRequest, tmp_path: Path, stand_in: QdrantStandIn) -> Iterator[VectorIndex]:
    index = open_at(stand_in.url) if request.param == OVER_HTTP else ENGINES[request.param](tmp_path)
    yield index
    if index.count():
        for generation in ("a", "b", "c"):
            index.delete_generation(generation)
    index.close()


def chunk(
    dense: Vectors = NORTH, *, words: Sequence[int] = (), generation: str = "a", document: str = "d"
) -> IndexedChunk:
    sparse = SparseVector(tuple(words), (1.0,) * len(words))
    return IndexedChunk(str(uuid.uuid4()), generation, document, dense.tolist(), sparse)


def lean(towards_north: float) -> Vectors:
    """A unit vector whose cosine with NORTH is given; no two of them tie."""
    vector: Vectors = towards_north * NORTH + np.sqrt(1 - towards_north**2, dtype=np.float32) * EAST
    return vector.astype(np.float32)


def words(*ids: int) -> SparseVector:
    return SparseVector(ids, (1.0,) * len(ids))


def readable(*generations: str, documents: Sequence[str] | None = None) -> SearchFilter:
    return SearchFilter(frozenset(generations), None if documents is None else frozenset(documents))


def found(
    index: VectorIndex,
    dense: Vectors = NORTH,
    sparse: SparseVector = NO_WORDS,
    *,
    filter: SearchFilter | None = None,
    limit: int = 100,
) -> list[str]:
    """The chunks found, by words where words are asked for, else by meaning."""
    lists = index.search(dense, sparse, filter=filter or readable("a"), limit=limit)
    return [hit.chunk_id for hit in (lists.by_words if sparse.indices else lists.by_meaning)]


def test_a_server_is_told_how_to_spread_and_shrink_a_collection(stand_in: QdrantStandIn) -> None:
    said = {"shards": 6, "replicas": 2, "quantization": "scalar", "on_disk": True}
    tree = {"vector_index": {"engine": "server", "url": stand_in.url, **said}}
    index = ServerIndex(load_settings(tree).vector_index)
    index.open(dim=DIM, model_id=(model := f"spread-{uuid.uuid4()}"))
    index.close()
    made = stand_in.made[name_collection(model)]
    assert (made["shard_number"], made["replication_factor"], made["vectors"]["dense"]["on_disk"]) == (6, 2, True)
    assert made["quantization_config"]["scalar"]["type"] == "int8"


# --- search ------------------------------------------------------------------------------------


def test_the_nearest_in_meaning_comes_first_with_its_cosine(index: VectorIndex) -> None:
    near, far = chunk(lean(0.8)), chunk(EAST)
    index.upsert([far, near])
    lists = index.search(NORTH, NO_WORDS, filter=readable("a"), limit=2)
    assert [hit.chunk_id for hit in lists.by_meaning] == [near.chunk_id, far.chunk_id]
    assert lists.by_meaning[0].score == pytest.approx(0.8, abs=1e-5)
    assert (lists.by_meaning[0].document_id, lists.by_meaning[0].generation_id) == ("d", "a")
    assert lists.by_words == ()


def test_a_chunk_with_more_of_the_words_comes_first_and_one_without_any_is_not_found_by_words(
    index: VectorIndex,
) -> None:
    both, one, neither = chunk(SOUTH, words=[1, 2]), chunk(NORTH, words=[1]), chunk(NORTH, words=[7])
    index.upsert([one, neither, both])
    lists = index.search(NORTH, words(1, 2), filter=readable("a"), limit=5)
    assert [hit.chunk_id for hit in lists.by_words] == [both.chunk_id, one.chunk_id]
    assert lists.by_words[0].score > lists.by_words[1].score > 0
    assert lists.by_meaning[-1].chunk_id == both.chunk_id


def test_a_rare_word_weighs_more_than_a_common_one(index: VectorIndex) -> None:
    rare, common = chunk(words=[1]), [chunk(words=[2]) for _ in range(4)]
    index.upsert([*common, rare])
    assert found(index, NORTH, words(1, 2))[0] == rare.chunk_id


def test_what_a_hidden_generation_holds_changes_neither_order_nor_scores(index: VectorIndex) -> None:
    index.upsert([chunk(lean(0.2), words=[1]), *(chunk(lean(0.1 * n), words=[2]) for n in (5, 6, 7))])
    index.upsert([chunk(lean(0.9), words=[3])])
    before = index.search(NORTH, words(1, 2), filter=readable("a"), limit=5)
    index.upsert([chunk(NORTH, words=[1], generation="b") for _ in range(50)])
    assert index.search(NORTH, words(1, 2), filter=readable("a"), limit=5) == before


def test_the_same_question_gets_the_same_order_every_time_even_among_equals(index: VectorIndex) -> None:
    index.upsert([chunk(lean(0.05 * n), words=range(20 - n, 21)) for n in range(1, 20)])
    orders = {tuple(found(index, NORTH, words(1, 2, 3, 19, 20), limit=6)) for _ in range(20)}
    assert len(orders) == 1


def test_a_limit_cuts_the_list_and_a_short_list_is_the_head_of_a_long_one(index: VectorIndex) -> None:
    random = np.random.default_rng(0)
    dense = random.normal(size=(30, DIM)).astype(np.float32)
    dense /= np.linalg.norm(dense, axis=1, keepdims=True)
    index.upsert([chunk(row) for row in dense])
    assert found(index, limit=5) == found(index, limit=30)[:5]
    assert len(found(index, limit=30)) == 30


def test_no_readable_generation_or_document_finds_nothing(index: VectorIndex) -> None:
    index.upsert([chunk(words=[1])])
    assert found(index, sparse=words(1), filter=readable()) == []
    assert found(index, sparse=words(1), filter=readable("a", documents=[])) == []
    assert len(found(index, sparse=words(1), filter=readable("a", documents=["d"]))) == 1


def test_words_that_nobody_wrote_leave_the_search_by_meaning(index: VectorIndex) -> None:
    stored = chunk(words=[1])
    index.upsert([stored])
    lists = index.search(NORTH, words(99), filter=readable("a"), limit=5)
    assert (lists.by_words, [hit.chunk_id for hit in lists.by_meaning]) == ((), [stored.chunk_id])


def test_term_ids_up_to_32_bits_are_told_apart(index: VectorIndex) -> None:
    high, other = chunk(SOUTH, words=[2**32 - 1]), chunk(SOUTH, words=[2**32 - 2])
    index.upsert([other, high])
    assert found(index, NORTH, words(2**32 - 1))[0] == high.chunk_id


PLACES = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(1, 3))


@pytest.mark.parametrize("engine", ["edge", "memory"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(PLACES, max_size=12),
    generations=st.frozensets(st.sampled_from("abc")),
    documents=st.none() | st.frozensets(st.sampled_from("xyz")),
    word=st.integers(0, 3),
)
def test_a_search_finds_exactly_what_its_filter_lets_through(
    shared: Mapping[str, VectorIndex],
    engine: str,
    places: list[tuple[str, str, int]],
    generations: frozenset[str],
    documents: frozenset[str] | None,
    word: int,
) -> None:
    index = shared[engine]
    for generation in "abc":
        index.delete_generation(generation)
    stored = [chunk(words=[w], generation=g, document=d) for g, d, w in places]
    index.upsert(stored)
    expected = {
        c.chunk_id
        for c in stored
        if c.generation_id in generations and (documents is None or c.document_id in documents)
    }
    sparse = words(word) if word else NO_WORDS
    lists = index.search(NORTH, sparse, filter=SearchFilter(generations, documents), limit=100)
    bearing = {c.chunk_id for c in stored if word in c.sparse.indices}
    assert {hit.chunk_id for hit in lists.by_meaning} == expected
    assert {hit.chunk_id for hit in lists.by_words} == expected & bearing


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, VectorIndex]]:
    folder = tmp_path_factory.mktemp("shared")
    indexes = {"edge": open_edge(folder), "memory": open_in_memory(folder)}
    yield indexes
    for index in indexes.values():
        index.close()


# --- storing and deleting ----------------------------------------------------------------------


def test_a_chunk_with_a_known_id_replaces_the_old_one_wholly(index: VectorIndex) -> None:
    old = chunk(NORTH, words=[1], document="old")
    index.upsert([old])
    index.upsert([replace(old, document_id="new", dense=EAST.tolist(), sparse=words(2))])
    assert index.count() == 1
    assert index.chunk_ids(generation_id="a", document_id="old") == set()
    assert index.chunk_ids(generation_id="a", document_id="new") == {old.chunk_id}
    lists = index.search(EAST, words(1, 2), filter=readable("a"), limit=1)
    assert lists.by_meaning[0].score == pytest.approx(1.0, abs=1e-6)
    assert lists.by_words[0].document_id == "new"
    assert found(index, sparse=words(1)) == []


def test_a_deleted_document_leaves_every_generation_and_no_other_document(index: VectorIndex) -> None:
    kept = chunk(document="other")
    index.upsert([kept, chunk(), chunk(generation="b")])
    index.delete_document("d")
    assert found(index, filter=readable("a", "b")) == [kept.chunk_id]


def test_a_deleted_generation_leaves_the_others_whole(index: VectorIndex) -> None:
    kept = chunk(generation="b")
    index.upsert([chunk(), chunk(), kept])
    index.delete_generation("a")
    assert index.count() == 1
    assert found(index, filter=readable("a", "b")) == [kept.chunk_id]


def test_deleted_chunks_are_gone_and_unknown_ids_are_no_error(index: VectorIndex) -> None:
    kept, gone = chunk(words=[1]), chunk(words=[1])
    index.upsert([kept, gone])
    index.delete_chunks([gone.chunk_id, str(uuid.uuid4())])
    index.delete_chunks([])
    index.delete_document("unknown")
    index.delete_generation("unknown")
    assert found(index, sparse=words(1)) == [kept.chunk_id]


def test_counts_and_listings_are_exact_beyond_one_page(index: VectorIndex) -> None:
    mine = [chunk() for _ in range(2_050)]
    index.upsert([*mine, chunk(document="e"), chunk(generation="b")])
    assert index.count() == 2_052
    assert index.count(generation_id="a") == 2_051
    assert index.count(document_id="d") == 2_051
    assert index.count(generation_id="a", document_id="e") == 1
    assert index.count(generation_id="unknown") == 0
    assert index.chunk_ids(generation_id="a", document_id="d") == {c.chunk_id for c in mine}


def test_an_empty_index_answers_with_nothing(index: VectorIndex) -> None:
    index.upsert([])
    assert found(index, sparse=words(1)) == []
    assert index.count() == 0
    assert index.chunk_ids(generation_id="a", document_id="d") == set()


# --- opening and closing -----------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["edge", "memory"])
def test_opening_again_is_harmless_and_another_dimension_is_refused(engine: str, tmp_path: Path) -> None:
    index = ENGINES[engine](tmp_path)
    index.upsert([chunk()])
    index.open(dim=DIM, model_id=MODEL)
    assert index.count() == 1
    with pytest.raises(ModelMismatch, match=r"length 4.*8"):
        index.open(dim=8, model_id=MODEL)
    assert index.count() == 1
    index.close()


@pytest.mark.parametrize("engine", ["edge", "memory"])
def test_another_model_has_vectors_of_its_own_and_the_old_ones_stay(engine: str, tmp_path: Path) -> None:
    index = ENGINES[engine](tmp_path)
    index.upsert([chunk()])
    index.open(dim=8, model_id="model@2")
    assert index.count() == 0
    index.open(dim=DIM, model_id=MODEL)
    assert index.count() == 1
    index.close()


@pytest.mark.parametrize("engine", ["edge", "memory"])
def test_closing_twice_is_harmless_and_a_closed_index_says_so(engine: str, tmp_path: Path) -> None:
    index = ENGINES[engine](tmp_path)
    index.close()
    index.close()
    with pytest.raises(EngineUnavailable):
        found(index)


def test_searches_go_on_while_another_thread_writes(index: VectorIndex) -> None:
    index.upsert([chunk(words=[1], generation="b")])
    finished = threading.Event()

    def write() -> None:
        for _ in range(5):
            index.upsert([chunk(words=[1]) for _ in range(20)])
        finished.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not finished.is_set():
        assert len(found(index, sparse=words(1), filter=readable("b"))) == 1
    writer.join()
    assert index.count() == 101


# --- edge: a folder with one owner -------------------------------------------------------------


def test_after_a_reopen_all_is_there(tmp_path: Path) -> None:
    index = open_edge(tmp_path)
    stored = chunk(NORTH, words=[1])
    index.upsert([stored, chunk(SOUTH, words=[2])])
    index.close()
    again = open_edge(tmp_path)
    assert found(again, NORTH, words(1))[0] == stored.chunk_id
    assert again.count(document_id="d") == 2
    again.close()


def test_a_second_process_is_refused_with_what_to_do_and_let_in_after_a_close(tmp_path: Path) -> None:
    index = open_edge(tmp_path)
    opening = f"""
        from pathlib import Path
        from app.engines.vector_index.edge import EdgeIndex
        EdgeIndex(Path({str(tmp_path / "index")!r})).open(dim={DIM}, model_id={MODEL!r})
    """
    refused = run_python(opening)
    assert "IndexBusy: Another Cloister process owns the index folder" in refused.stderr
    index.close()
    assert run_python(opening).returncode == 0


def test_a_second_owner_in_one_process_is_refused(tmp_path: Path) -> None:
    index = open_edge(tmp_path)
    with pytest.raises(IndexBusy, match="stop it or use its API"):
        open_edge(tmp_path)
    index.close()


def test_a_kill_in_the_middle_of_upserts_keeps_every_acknowledged_chunk(tmp_path: Path) -> None:
    writing = f"""
        import uuid
        from pathlib import Path
        from app.domain import IndexedChunk, SparseVector
        from app.engines.vector_index.edge import EdgeIndex
        index = EdgeIndex(Path({str(tmp_path / "index")!r}))
        index.open(dim={DIM}, model_id={MODEL!r})
        while True:
            ids = [str(uuid.uuid4()) for _ in range(300)]
            index.upsert([IndexedChunk(i, "a", "d", [1.0, 0, 0, 0], SparseVector((1,), (1.0,))) for i in ids])
            print(*ids, flush=True)
    """
    writer = start_python(writing)
    assert writer.stdout is not None
    acknowledged = {chunk_id for _ in range(10) for chunk_id in writer.stdout.readline().split()}
    writer.send_signal(signal.SIGKILL)
    # Without its newline the last line is cut off, and nobody was told of it.
    acknowledged |= {
        chunk_id
        for line in writer.stdout.read().splitlines(keepends=True)
        if line[-1] == "\n"
        for chunk_id in line.split()
    }
    writer.wait()
    index = open_edge(tmp_path)
    assert len(acknowledged) >= 3_000
    assert acknowledged <= index.chunk_ids(generation_id="a", document_id="d")
    index.upsert([chunk()])
    index.close()


def test_an_abandoned_first_start_leaves_no_half_made_index(tmp_path: Path) -> None:
    (tmp_path / "index" / ".new-crashed" / "shard").mkdir(parents=True)
    index = open_edge(tmp_path)
    assert index.count() == 0
    index.close()


def test_a_damaged_folder_is_unavailable_and_says_what_to_do(tmp_path: Path) -> None:
    open_edge(tmp_path).close()
    for damaged in ("segment.json", "model.json"):
        for path in (tmp_path / "index").rglob(damaged):
            path.write_text("{")
        with pytest.raises(EngineUnavailable, match="backup"):
            open_edge(tmp_path)


# --- server ------------------------------------------------------------------------------------


def test_a_server_that_is_down_is_unavailable_and_its_address_named() -> None:
    index = ServerIndex(server_settings("http://127.0.0.1:9"))
    with pytest.raises(EngineUnavailable, match=r"http://127\.0\.0\.1:9 "):
        index.open(dim=DIM, model_id=MODEL)


def test_two_processes_may_share_a_server() -> None:
    client = QdrantClient(":memory:")
    first, second = ServerIndex(server_settings(), client), ServerIndex(server_settings(), client)
    for index in (first, second):
        index.open(dim=DIM, model_id=MODEL)
    first.upsert([chunk()])
    assert second.count() == 1


def start_python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    process = start_python(code)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
