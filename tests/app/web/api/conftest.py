"""The API over services with fake models, as the admin and as others see it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.services import Services
from app.settings import Settings, load_settings
from app.web.api.app import build_api

LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class Api:
    """The API in one person's hands. Paths start below `/api/v1`."""

    client: TestClient

    def get(self, path: str, **params: str) -> Any:
        return self.client.get(f"/api/v1{path}", params=params)

    def post(self, path: str, body: object) -> Any:
        return self.client.post(f"/api/v1{path}", json=body)

    def patch(self, path: str, body: object) -> Any:
        return self.client.patch(f"/api/v1{path}", json=body)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1{path}")

    def upload(self, name: str, content: str | bytes, kb: str = "Documents") -> Any:
        return self.client.post(f"/api/v1/knowledge-bases/{kb}/documents", files=[("files", (name, content))])

    def finish(self, job_id: str) -> Any:
        """The job, polled until it is over."""
        give_up_at = time.monotonic() + PATIENCE_S
        while (job := self.get(f"/jobs/{job_id}").json())["state"] in ("queued", "running"):
            assert time.monotonic() < give_up_at, f"the job still runs: {job}"
            time.sleep(0.02)
        return job

    def take_in(self, name: str, content: str | bytes, kb: str = "Documents") -> str:
        """Upload to the end; returns the document's id."""
        (outcome,) = self.finish(self.upload(name, content, kb).json()["id"])["outcomes"]
        assert outcome["status"] == "indexed", outcome
        return str(outcome["document_id"])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults with a small limit, so that a file beyond it is quickly made."""
    return load_settings({"data_dir": tmp_path / "data", "limits": {"file_mb": 1}})


@pytest.fixture
def reach(services: Services) -> Callable[[str], Api]:
    """The API for whoever holds this key; "" for nobody."""
    app = build_api(services)
    return lambda key: Api(TestClient(app, headers={"Authorization": f"Bearer {key}"} if key else {}))


@pytest.fixture
def api(services: Services, reach: Callable[[str], Api]) -> Api:
    """The API in the hands of this machine's own command line, an admin."""
    return reach(services.local_token)
