"""Whether the service can do its work: each part that is away is named, in bounded time, and no address is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.errors import EngineUnavailable
from app.operations.readiness import Part, Readiness, Report, State
from app.services import Services
from app.web.api.app import build_api
from tests.scripted_llm import ScriptedLlm


def down(report: Report) -> dict[Part, State]:
    return {each.part: each.state for each in report.standings if each.state is not State.OK}


def use_endpoint(services: Services, url: str) -> None:
    generator = services.settings.generator.model_copy(update={"engine": "openai", "url": url, "model": "scripted"})
    services.settings = services.settings.model_copy(update={"generator": generator})
    services.configured_generator = generator


def test_all_parts_are_asked_and_ready(services: Services) -> None:
    report = Readiness(services).look()
    assert (report.is_ready, report.sentence) == (True, "ok")
    assert [each.part for each in report.standings] == list(Part)


def fail(*_: object, **__: object) -> Any:
    raise EngineUnavailable("The server http://10.0.0.7:6333 does not answer.")


BREAK: dict[Part, Callable[[Services, pytest.MonkeyPatch], None]] = {
    Part.DATABASE: lambda services, patch: patch.setattr(services.database, "read", fail),
    Part.JOBS: lambda services, patch: patch.setattr(services.ingest_line, "require_answer", fail),
    Part.DISK: lambda services, patch: patch.setattr("app.db.room.measure_free", lambda _: 1 << 20),
    Part.EMBEDDER: lambda services, patch: patch.setattr(services.embedder, "get", fail),
    Part.INDEX: lambda services, patch: patch.setattr(services.index.get(), "count", fail),
    Part.GENERATOR: lambda services, patch: use_endpoint(services, "http://127.0.0.1:9/v1"),
}


@pytest.mark.parametrize("part", list(Part))
def test_the_part_that_is_away_is_named_and_the_others_are_well(
    services: Services, monkeypatch: pytest.MonkeyPatch, part: Part
) -> None:
    services.index.get()  # loaded, as in a service that runs
    BREAK[part](services, monkeypatch)
    report = Readiness(services).look()
    assert down(report) == {part: State.DOWN}
    assert report.is_ready == (part in {Part.DISK, Part.GENERATOR})
    assert part.split("'")[0] in report.sentence
    assert "10.0.0.7" not in report.sentence


def test_each_engine_is_told_as_json_to_whoever_asks_so_and_the_process_stays_alive(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.index.get(), "count", fail)
    client = TestClient(build_api(services))
    answer = client.get("/readyz", headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert {each["engine"]: each["state"] for each in answer.json()["engines"]}["vector index"] == "down"
    assert answer.json()["ready"] is False
    text = client.get("/readyz", headers={"Accept": "text/plain"})
    assert text.status_code == 503
    assert text.text.startswith("The vector index does not answer.")
    assert client.get("/readyz").json()["detail"] == text.text
    assert client.get("/healthz").text == "ok"


def test_people_are_still_sent_here_while_only_the_language_model_is_away_and_told_so(services: Services) -> None:
    use_endpoint(services, "http://127.0.0.1:9/v1")
    client = TestClient(build_api(services), headers={"Authorization": f"Bearer {services.local_token}"})
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.text == "The language model does not answer. Nothing stored is lost; the log says what is wrong."
    told = client.get("/readyz", headers={"Accept": "application/json"}).json()
    assert (told["ready"], told["detail"]) == (True, answer.text)
    assert client.post("/api/v1/search", json={"query": "x"}).status_code == 200


@contextmanager
def hanging() -> Iterator[Callable[..., Any]]:
    end = threading.Event()

    def hang(*_: object, **__: object) -> Any:
        end.wait(20)
        return SimpleNamespace()

    try:
        yield hang
    finally:
        end.set()


def test_a_part_that_hangs_is_waited_for_as_long_as_was_said_and_asked_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    with hanging() as hang:

        def count() -> Any:
            asked.append(1)
            return hang()

        monkeypatch.setattr(services.index.get(), "count", count)
        readiness = Readiness(services, patience_s=0.2, fresh_s=0)
        reports = [readiness.look() for _ in range(3)]
    assert [down(report) for report in reports] == [{Part.INDEX: State.SLOW}] * 3
    assert len(asked) == 1


def test_a_language_model_that_comes_back_is_seen(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedLlm() as llm:
        use_endpoint(services, llm.url)
        readiness = Readiness(services, fresh_s=0)
        assert readiness.look().sentence == "ok"
        llm.calls["/v1/models"] = 500
        assert down(readiness.look()) == {Part.GENERATOR: State.DOWN}
        llm.calls["/v1/models"] = {"data": []}
        assert readiness.look().sentence == "ok"
    said = [record.getMessage() for record in caplog.records if "language model" in record.getMessage()]
    assert len(said) == 2
    assert "HTTP 500" in said[0]
    assert "answers again" in said[1]


def test_the_service_says_no_once_it_stops(services: Services) -> None:
    readiness = Readiness(services)
    assert readiness.look().is_ready
    services.begin_stop()
    assert "is stopping" in readiness.look().sentence
    client = TestClient(build_api(services), headers={"Authorization": f"Bearer {services.local_token}"})
    assert client.get("/readyz").status_code == 503
    for path, body in (("/search", {"query": "x"}), ("/ask", {"query": "x"})):
        refused = client.post(f"/api/v1{path}", json=body)
        assert (refused.status_code, "is stopping" in refused.json()["detail"]) == (503, True)
