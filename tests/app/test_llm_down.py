"""The drill “the language model is away”: a clear message, searching goes on, and it works again by itself."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.engines.generators.openai_like import OpenAIGenerator
from app.ports import Generator
from app.services import Services
from app.warm import Warm
from app.web.api.app import build_api
from tests.app.operations.test_readiness import use_endpoint
from tests.running_service import free_port
from tests.scripted_llm import Reply, ScriptedLlm
from tests.taking_in import take_in

QUESTION = {"query": "How many days of paid parental leave does a parent receive?"}


@pytest.fixture
def client(services: Services, tmp_path: Any) -> TestClient:
    """The API, a document about leave taken in."""
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    take_in(services, tmp_path / "leave.md")
    return TestClient(build_api(services), headers={"Authorization": f"Bearer {services.local_token}"})


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as server:
        yield server


def let_write(services: Services, url: str, *, timeout_s: int = 5) -> None:
    """Let the endpoint at this address write the answers."""
    use_endpoint(services, url)
    settings = services.settings.generator.model_copy(update={"timeout_s": timeout_s})
    services.generator = Warm[Generator](lambda: OpenAIGenerator(settings, None, "off"))


def assert_search_goes_on(client: TestClient) -> None:
    found = client.post("/api/v1/search", json=QUESTION)
    assert found.status_code == 200
    assert "70 days" in found.json()["passages"][0]["text"]


TROUBLE: dict[str, tuple[Callable[[ScriptedLlm], None], str]] = {
    "answers 500": (lambda llm: llm.replies.append(Reply(status=500)), "failed (HTTP 500)"),
    "dies in the middle": (
        lambda llm: llm.replies.append(Reply(pieces=("Every parent ",), is_cut_short=True)),
        "broke off",
    ),
    "hangs": (lambda llm: llm.replies.append(Reply(delay_s=30)), "seconds"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_the_endpoint_fails_with_a_sentence_search_goes_on_and_so_does_it(
    services: Services, client: TestClient, llm: ScriptedLlm, trouble: str
) -> None:
    break_it, words = TROUBLE[trouble]
    let_write(services, llm.url, timeout_s=1 if trouble == "hangs" else 30)
    break_it(llm)
    failed = client.post("/api/v1/ask", json=QUESTION)
    assert failed.status_code == 503, failed.text
    assert words in failed.json()["detail"]
    assert failed.headers["content-type"] == "application/problem+json"
    assert_search_goes_on(client)
    llm.replies.append(Reply(pieces=("Every parent receives 70 days ", "of paid parental leave [1].")))
    again = client.post("/api/v1/ask", json=QUESTION)
    assert again.status_code == 200
    assert "70 days" in again.json()["answer"]


def test_an_endpoint_that_refuses_connections_is_named_and_found_again(services: Services, client: TestClient) -> None:
    let_write(services, f"http://127.0.0.1:{free_port()}/v1")
    refused = client.post("/api/v1/ask", json=QUESTION)
    assert (refused.status_code, "cannot be reached" in refused.json()["detail"]) == (503, True)
    assert_search_goes_on(client)
    with ScriptedLlm() as llm:
        let_write(services, llm.url)
        llm.replies.append(Reply(pieces=("Every parent receives 70 days of paid parental leave [1].",)))
        assert client.post("/api/v1/ask", json=QUESTION).status_code == 200


def test_a_stream_that_breaks_off_ends_with_the_sentence(
    services: Services, client: TestClient, llm: ScriptedLlm
) -> None:
    let_write(services, llm.url)
    llm.replies.append(Reply(pieces=("Every parent ",), is_cut_short=True))
    stream = client.post("/api/v1/ask", json=QUESTION, headers={"Accept": "text/event-stream"}).text
    assert "event: passages" in stream
    assert stream.rstrip().splitlines()[-2] == "event: error"
    assert "broke off" in stream


def test_what_was_asked_meanwhile_counts_as_failed_and_no_answer_is_kept(
    services: Services, client: TestClient, llm: ScriptedLlm
) -> None:
    from app.observe.metrics import ANSWERS

    failed = ANSWERS.labels("failed")
    before = failed._value.get()
    let_write(services, llm.url)
    llm.replies.append(Reply(status=500))
    client.post("/api/v1/ask", json=QUESTION)
    assert failed._value.get() == before + 1
