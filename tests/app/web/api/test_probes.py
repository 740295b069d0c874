"""The probes: alive at once, ready when the engines are, and metrics that tell nothing of the documents."""

from threading import Event

import pytest

from app.errors import EngineUnavailable
from app.ports import Generator
from app.services import Services
from app.warm import Warm
from tests.app.web.api.conftest import LEAVE, Api
from tests.fakes import ScriptedGenerator


def test_it_is_alive_at_once_and_ready_once_the_models_are_loaded(services: Services, api: Api) -> None:
    loaded = Event()

    def load() -> Generator:
        loaded.wait(20)
        return ScriptedGenerator()

    services.generator = Warm(load)
    is_warm = Event()
    services.warm_up(then=is_warm.set)
    try:
        assert api.client.get("/healthz").text == "ok"
        waiting = [api.client.get("/readyz"), api.post("/search", {"query": "x"}), api.post("/ask", {"query": "x"})]
        assert [answer.status_code for answer in waiting] == [503, 503, 503]
        assert all("warming up" in answer.json()["detail"] for answer in waiting)
    finally:
        loaded.set()
    assert is_warm.wait(20)
    services._warming.join()  # type: ignore[union-attr]
    assert api.client.get("/readyz").text == "ok"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_while_loading_does_not_pass_for_ready(services: Services, api: Api) -> None:
    def load() -> Generator:
        raise RuntimeError("a message that may quote what it read")

    services.generator = Warm(load)
    services.warm_up()
    services._warming.join()  # type: ignore[union-attr]
    for answer in (api.client.get("/readyz"), api.post("/ask", {"query": "x"})):
        assert answer.status_code == 503
        assert "internal error (RuntimeError)" in answer.json()["detail"]
        assert "quote" not in answer.text


def test_an_engine_that_cannot_load_says_why(services: Services, api: Api) -> None:
    def load() -> Generator:
        raise EngineUnavailable("There is no model file; set generator.model.")

    services.generator = Warm(load)
    services.warm_up()
    services._warming.join()  # type: ignore[union-attr]
    answer = api.client.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "There is no model file; set generator.model.")
    assert api.client.get("/healthz").text == "ok"


def test_the_metrics_count_requests_and_hold_no_word_of_the_documents(api: Api) -> None:
    id = api.take_in("payroll-secret.md", LEAVE, "Boardroom")
    api.post("/ask", {"query": "parental leave of Zebediah"})
    api.get(f"/documents/{id}/text")
    metrics = api.client.get("/metrics").text
    assert '/documents/{id}/text"' in metrics
    for word in ("payroll", "Boardroom", "parental", "Zebediah", id, "70 days"):
        assert word not in metrics


def test_the_doctor_finds_nothing_broken(api: Api) -> None:
    findings = api.get("/doctor").json()
    assert all(set(finding) == {"check", "status", "detail", "advice"} for finding in findings)
    assert not [finding for finding in findings if finding["status"] == "broken"]


def test_an_unforeseen_error_is_a_problem_without_its_words(
    services: Services, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("the secret word")

    monkeypatch.setattr(services.index.get(), "count", fail)
    client = api.client
    client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    answer = client.get("/readyz")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret word" not in answer.text
