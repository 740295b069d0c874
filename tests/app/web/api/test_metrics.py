"""The figures: who may read them, what they say, and that dashboard and alerts ask for nothing that is not there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from app.services import Services
from app.web.api.app import build_api
from tests.app.web.api.conftest import LEAVE, Api

CONFIGS = Path(__file__).parents[4] / "configs"
DASHBOARD = json.loads((CONFIGS / "grafana" / "cloister.json").read_text())
ALERTS = yaml.safe_load((CONFIGS / "prometheus" / "alerts.yaml").read_text())
# A figure's name and, where there is one, the braces behind it.
SERIES = re.compile(r"\b((?:cloister|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
HERE = ("127.0.0.1", 50_000)


def read(services: Services, *, client: tuple[str, int] = HERE, **headers: str) -> Any:
    """What a program at this address is answered."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return TestClient(build_api(services), client=client).get("/metrics", headers=names)


def value(text: str, series: str) -> float:
    """The value of a series, 0 for one that is not there."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_metrics_answer_this_machine_and_nobody_else(services: Services) -> None:
    assert read(services).status_code == 200
    elsewhere = read(services, client=("10.0.0.7", 50_000))
    assert (elsewhere.status_code, "server.metrics_token" in elsewhere.json()["detail"]) == (403, True)
    behind_a_proxy_that_nobody_named = read(services, x_forwarded_for="203.0.113.9")
    assert behind_a_proxy_that_nobody_named.status_code == 403


def test_with_a_token_only_whoever_brings_it_reads_the_metrics(services: Services) -> None:
    server = services.settings.server.model_copy(
        update={"metrics_token": type(services.settings.server.secret)("m" * 32)}
    )
    services.settings = services.settings.model_copy(update={"server": server})
    assert read(services, client=("10.0.0.7", 50_000), authorization=f"Bearer {'m' * 32}").status_code == 200
    assert read(services, authorization="Bearer wrong").status_code == 401
    assert read(services).status_code == 401


def test_documents_and_answers_are_counted(services: Services, api: Api) -> None:
    before = read(services).text
    api.take_in("leave.md", LEAVE)
    assert api.post("/ask", {"query": "How many days of paid parental leave?"}).status_code == 200
    after = read(services).text

    def gained(series: str) -> float:
        return value(after, series) - value(before, series)

    assert gained('cloister_ingest_documents_total{outcome="indexed"}') == 1
    assert gained("cloister_ingest_embedded_chunks_total") >= 1
    assert gained('cloister_ingest_stage_seconds_count{stage="read"}') == 1
    assert gained('cloister_answer_seconds_count{stage="total"}') == 1
    assert gained('cloister_answers_total{outcome="answered"}') == 1
    assert value(after, 'cloister_queue_documents{status="queued"}') == 0
    assert value(after, "cloister_database_up") == 1
    assert value(after, "cloister_disk_free_bytes") > 0


def test_a_method_that_somebody_made_up_makes_no_series_of_its_own(services: Services, api: Api) -> None:
    api.client.request("ZEBEDIAH", "/api/v1/documents")
    metrics = read(services).text
    assert "ZEBEDIAH" not in metrics
    assert 'method="OTHER"' in metrics


@pytest.mark.parametrize("query", [each["expr"] for panel in DASHBOARD["panels"] for each in panel["targets"]])
def test_every_query_of_the_dashboard_names_figures_that_exist(services: Services, api: Api, query: str) -> None:
    api.get("/documents")  # one request, so that requests have a series
    assert list(missing(query, read(services).text)) == []


@pytest.mark.parametrize("rule", ALERTS["groups"][0]["rules"], ids=lambda rule: rule["alert"])
def test_every_alert_names_figures_that_exist_and_says_what_to_do(
    services: Services, api: Api, rule: dict[str, Any]
) -> None:
    api.get("/documents")
    assert rule["annotations"]["action"]
    assert list(missing(rule["expr"], read(services).text)) == []


def missing(query: str, exposed: str) -> Iterator[str]:
    """What a query asks for that is not there: a name, or a label's value."""
    found = SERIES.findall(query)
    assert found or query.startswith("up{")
    for name, braces in found:
        lines = [line for line in exposed.splitlines() if re.match(rf"{name}[{{ ]", line)]
        if not lines:
            yield name
        for label in filter(None, braces.split(",")):
            if not any(label.strip() in line for line in lines):
                yield f"{name}{{{label}}}"
