"""Traces: off they load and connect to nothing; on they tell where time goes, and nothing of what was said."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.testclient import TestClient

from app.main import build_app
from app.observe.traces import begin_traces, end_traces
from app.services import Services
from app.settings import list_named_hosts, load_settings
from tests.local_server import QuietHandler, listening
from tests.taking_in import take_in

SECRET = "Quicksilverfish"
received: list[bytes] = []


class Collector(QuietHandler, BaseHTTPRequestHandler):
    """Takes what an OTLP collector takes."""

    def do_POST(self) -> None:
        received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def collector() -> Iterator[str]:
    received.clear()
    with listening(Collector) as port:
        yield f"http://127.0.0.1:{port}/v1/traces"


def spans() -> list[Any]:
    requests = [ExportTraceServiceRequest.FromString(body) for body in received]
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def use(services: Services, folder: Path) -> None:
    """Take a document in and ask about it, with a word in both that must not be told."""
    (folder / f"{SECRET}.md").write_text(f"# Leave\n\nThe {SECRET} project gives everybody 70 days of paid leave.\n")
    take_in(services, folder / f"{SECRET}.md", kb=SECRET)
    client = TestClient(build_app(services), headers={"Authorization": f"Bearer {services.local_token}"})
    question = {"query": f"How many days of paid leave does {SECRET} give everybody?", "knowledge_bases": [SECRET]}
    assert client.post("/api/v1/ask", json=question).status_code == 200
    assert client.get(f"/api/v1/documents?kb={SECRET}").status_code == 200


def test_spans_tell_where_the_time_of_a_document_and_an_answer_went(
    services: Services, collector: str, tmp_path: Path
) -> None:
    begin_traces(collector, "1.0")
    use(services, tmp_path)
    end_traces()
    names = {span.name for span in spans()}
    assert names >= {"request", "condense", "retrieve", "rerank", "first_token", "generate", "answer"}
    assert names >= {"ingest", "ingest read", "ingest cut", "ingest index", "ingest publish"}
    by_id = {span.span_id: span for span in spans()}
    retrieve = next(span for span in spans() if span.name == "retrieve")
    assert by_id[retrieve.parent_span_id].name == "request"
    assert any(attribute.key == "job_id" for span in spans() for attribute in span.attributes)
    assert SECRET.encode().lower() not in b"".join(received).lower()


def test_without_an_address_nothing_is_sent_and_nothing_loaded(
    services: Services, collector: str, tmp_path: Path
) -> None:
    begin_traces("", "1.0")
    use(services, tmp_path)
    end_traces()
    assert received == []
    script = (
        "import sys, app.observe.traces as t; t.begin_traces('', '1.0')\n"
        "with t.span('x'): t.note_span('y', 1.0)\n"
        "t.end_traces(); print([name for name in sys.modules if name.startswith(('opentelemetry', 'requests'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_collector_that_is_away_holds_nothing_up(services: Services, tmp_path: Path) -> None:
    begin_traces("http://127.0.0.1:9/v1/traces", "1.0")
    use(services, tmp_path)
    end_traces()


def test_the_collector_is_on_the_list_of_hosts_because_the_settings_name_it() -> None:
    settings = load_settings({"server": {"traces_url": "http://collector.internal:4318/v1/traces"}})
    assert ("collector.internal", "server.traces_url") in [
        (entry.target, entry.reason) for entry in list_named_hosts(settings)
    ]
