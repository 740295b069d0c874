"""How a workflow is begun: in this process, or by whoever works. Either way it is written down first."""

import time
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from dbos import DBOS, DBOSClient, SetWorkflowID
from sqlalchemy.exc import DBAPIError

from app.errors import StoreAway

# What a process that only answers people has begun: a job runs in one worker, its documents in all of them.
JOBS: Final = "jobs"
# Jobs that one worker runs at a time. Each waits for its documents most of the time.
JOBS_EACH: Final = 32
AT_WORK: Final = ("PENDING", "ENQUEUED", "DELAYED")
_ANSWER_EVERY_S: Final = 0.1


class _Instance(Protocol):
    """What has workflows: the name of its class as DBOS knows it, and its own."""

    dbos_class: str
    config_name: str


class Beginning(Protocol):
    """Begins workflows of an instance by their ids. An id that is known already is left to whoever has it."""

    def begin(self, workflow: Callable[..., Any], workflow_id: str, *args: object) -> None: ...

    def find_status(self, workflow_id: str) -> str | None: ...


class BeginHere:
    """In this process, which must have launched DBOS."""

    def begin(self, workflow: Callable[..., Any], workflow_id: str, *args: object) -> None:
        """Start it in a thread of its own."""
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(workflow, *args)

    def find_status(self, workflow_id: str) -> str | None:
        """DBOS's word for where it stands; None for an unknown one."""
        known = DBOS.get_workflow_status(workflow_id)
        return known.status if known else None


class BeginElsewhere:
    """Through the database, by the next worker that has room. No workflow ever runs in this process."""

    def __init__(self, jobs_url: str, *, application: str, version: str) -> None:
        DBOS.migrate(jobs_url)  # whoever starts first; it waits for others that do the same
        self._client = DBOSClient(
            system_database_url=jobs_url, application_name=application, retry_connection_errors=False
        )
        self._version = version

    def begin(self, workflow: Callable[..., Any], workflow_id: str, *args: object) -> None:
        """Queue it. Raises StoreAway."""
        self._enqueue(workflow, workflow_id, *args)

    def find_status(self, workflow_id: str) -> str | None:
        """DBOS's word for where it stands; None for an unknown one. Raises StoreAway."""
        try:
            known = self._client.list_workflows(workflow_ids=[workflow_id], load_input=False, load_output=False)
        except DBAPIError as exc:
            raise _away() from exc
        return known[0].status if known else None

    def run(self, workflow: Callable[..., Any], workflow_id: str, *args: object, timeout_s: float) -> Any:
        """What it returns, once a worker has run it; it goes on after a TimeoutError. Raises StoreAway."""
        handle = self._enqueue(workflow, workflow_id, *args)
        give_up_at = time.monotonic() + timeout_s
        while self.find_status(workflow_id) in AT_WORK:
            if time.monotonic() > give_up_at:
                raise TimeoutError
            time.sleep(_ANSWER_EVERY_S)
        return handle.get_result()

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()

    @property
    def schedules(self) -> DBOSClient:
        """Where schedules are kept."""
        return self._client

    def _enqueue(self, workflow: Callable[..., Any], workflow_id: str, *args: object) -> Any:
        owner = cast(_Instance, workflow.__self__)  # type: ignore[attr-defined]
        try:
            return self._client.enqueue(
                {
                    "queue_name": JOBS,
                    "workflow_name": workflow.__qualname__,
                    "class_name": owner.dbos_class,
                    "instance_name": owner.config_name,
                    "workflow_id": workflow_id,
                    "app_version": self._version,
                },
                *args,
            )
        except DBAPIError as exc:
            raise _away() from exc


def _away() -> StoreAway:
    return StoreAway("The database that keeps the jobs does not answer; check that Postgres runs, then try again.")
