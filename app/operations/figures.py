"""The figures that are looked up when Prometheus asks: what waits, how engines stand, connections, the disk.

They cost a few rows of SQL and are looked up once in five seconds at most, however often somebody asks.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from app.db.columns import utc_now
from app.db.room import measure_free
from app.db.work_figures import measure_waiting
from app.services import Services
from app.warm import Condition, Warm

FRESH_S: Final = 5.0


class ServiceFigures(Collector):
    """One service's, as Prometheus wants them."""

    def __init__(self, services: Services, fresh_s: float = FRESH_S) -> None:
        self._services, self._fresh_s = services, fresh_s
        self._lock = threading.Lock()
        self._known: tuple[Sequence[Metric], float] | None = None

    def collect(self) -> Sequence[Metric]:
        """All of them, at most five seconds old."""
        with self._lock:
            if self._known is None or time.monotonic() > self._known[1]:
                self._known = (list(self._look_up()), time.monotonic() + self._fresh_s)
            return self._known[0]

    def _look_up(self) -> Iterator[Metric]:
        yield InfoMetricFamily("cloister_build", "The version that runs.", {"version": version("cloister")})
        yield from self._work()
        yield self._engines()
        yield self._pool()
        free = GaugeMetricFamily("cloister_disk_free_bytes", "Free space for the data folder.")
        free.add_metric([], measure_free(self._services.settings.data_dir))
        yield free
        kept = GaugeMetricFamily("cloister_disk_kept_free_bytes", "Below this nothing is taken in.")
        kept.add_metric([], self._services.settings.limits.min_free_mb << 20)
        yield kept
        hand = GaugeMetricFamily("cloister_in_hand", "Answers and changes that are under way.")
        hand.add_metric([], self._services.in_hand.count)
        yield hand

    def _work(self) -> Iterator[Metric]:
        """Nothing but the fact itself where the database is away: the other figures are wanted most then."""
        up = GaugeMetricFamily("cloister_database_up", "Whether the database answered.")
        try:
            with self._services.database.read() as session:
                waiting = measure_waiting(session)
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        items = GaugeMetricFamily(
            "cloister_queue_documents", "Documents of jobs without an outcome.", labels=["status"]
        )
        for status, count in waiting.by_status.items():
            items.add_metric([str(status)], count)
        yield items
        jobs = GaugeMetricFamily("cloister_queue_jobs", "Jobs that are not over.")
        jobs.add_metric([], waiting.jobs)
        yield jobs
        age = GaugeMetricFamily("cloister_queue_oldest_seconds", "Age of the oldest job that is not over; 0 for none.")
        # A clock that was set back makes no job younger than nothing.
        age.add_metric([], max(0.0, (utc_now() - waiting.oldest_at).total_seconds()) if waiting.oldest_at else 0)
        yield age

    def _engines(self) -> Metric:
        services = self._services
        conditions = GaugeMetricFamily(
            "cloister_engine_condition", "1 for the condition that an engine is in.", labels=["engine", "condition"]
        )
        warm: dict[str, Warm[Any]] = {
            "embedder": services.embedder,
            "index": services.index,
            "reranker": services.reranker,
            "generator": services.generator,
            "speaker": services.speaker,
            "transcriber": services.transcriber,
        }
        for engine, value in warm.items():
            for condition in Condition:
                conditions.add_metric([engine, condition.replace(" ", "_")], value.condition is condition)
        return conditions

    def _pool(self) -> Metric:
        pool = self._services.database.engine.pool
        figures = GaugeMetricFamily(
            "cloister_database_connections",
            "Connections to the database that are in use, and kept open.",
            labels=["state"],
        )
        if isinstance(pool, QueuePool):
            figures.add_metric(["used"], pool.checkedout())
            figures.add_metric(["idle"], pool.checkedin())
        return figures
