"""Traces by OpenTelemetry, off unless `server.traces_url` is set. Spans hold ids, counts and times: no names, no text.

The provider is this module's own. One that is set for the whole process would also collect what other libraries say of
themselves, and some of them quote what they are given.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from app.observe.labels import labels
from app.observe.metrics import STAGE_SECONDS

_ID: Final = re.compile(r"[A-Za-z0-9._:/{}-]{1,120}")
EXPORT_TIMEOUT_S: Final = 5
Value = str | int | float | bool
# The tracer and its provider; empty while traces are off.
_at_work: list[tuple[Any, Any]] = []


def begin_traces(url: str, version: str) -> None:
    """Send spans to an OTLP/HTTP address from now on; "" sends none and loads nothing."""
    end_traces()
    if not url:
        return
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is no host that the settings name
    provider = TracerProvider(
        resource=Resource({"service.name": "cloister", "service.version": version}), shutdown_on_exit=False
    )
    # All of OpenTelemetry is told to keep quiet (app/egress/silence.py); this one was asked to speak.
    provider._disabled = False
    exporter = OTLPSpanExporter(endpoint=url, session=session, timeout=EXPORT_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _at_work.append((provider.get_tracer("cloister"), provider))


def end_traces() -> None:
    """Send what was not sent yet, and stop."""
    while _at_work:
        _, provider = _at_work.pop()
        provider.shutdown()


@contextmanager
def span(name: str, **facts: Value) -> Iterator[None]:
    """Time what is done inside, as a part of what it is done in. `facts`: counts and ids."""
    if not _at_work:
        yield
        return
    tracer, _ = _at_work[0]
    with tracer.start_as_current_span(
        name, attributes=_attributes(facts), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as exc:
            current.set_attribute("error", type(exc).__name__)
            raise


def note_span(name: str, seconds: float, **facts: Value) -> None:
    """The same for what has just ended, and took so long."""
    if not _at_work:
        return
    tracer, _ = _at_work[0]
    end = time.time_ns()
    tracer.start_span(name, start_time=end - int(seconds * 1e9), attributes=_attributes(facts)).end(end)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """A stage of a document's way in: a span, and a time among the figures."""
    started = time.perf_counter()
    with span(f"ingest {name}"):
        yield
    STAGE_SECONDS.labels(name).observe(time.perf_counter() - started)


def _attributes(facts: dict[str, Value]) -> dict[str, Value]:
    """What may be told: numbers, and texts that can only be ids."""
    told = {**labels(), **facts}
    return {name: value for name, value in told.items() if not isinstance(value, str) or _ID.fullmatch(value)}
