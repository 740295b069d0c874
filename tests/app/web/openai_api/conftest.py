"""`/v1` of the whole service over fake models, in the hands of a person's program."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.access import UNBOUNDED, KeyBounds
from app.db import assistants, people
from app.db.assistants import AssistantDraft
from app.domain import MemberRole
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

QUESTION = "How many days of paid parental leave does every parent receive?"
REPLY = "Every parent receives 70 days of paid parental leave [1]."
CHECKED = "Every parent receives 70 days of paid parental leave. [1]"
LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a key."""

    client: TestClient
    key: str

    def get(self, path: str) -> Any:
        return self.client.get(f"/v1{path}", headers=self._headers)

    def ask(self, *messages: Any, model: str = "cloister", **more: Any) -> Any:
        """The response to a request; a bare text is a user's message."""
        said = [{"role": "user", "content": each} if isinstance(each, str) else each for each in messages]
        body = {"model": model, "messages": said or [{"role": "user", "content": QUESTION}], **more}
        return self.client.post("/v1/chat/completions", json=body, headers=self._headers)

    def answer(self, *messages: Any, **more: Any) -> Any:
        """The completion."""
        answer = self.ask(*messages, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stream(self, *messages: Any, **more: Any) -> list[Any]:
        """The events of a stream, the last one `[DONE]`."""
        answer = self.ask(*messages, stream=True, **more)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [read(line) for line in answer.text.splitlines() if line.startswith("data: ")]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def read(line: str) -> Any:
    data = line.removeprefix("data: ")
    return data if data == "[DONE]" else json.loads(data)


def text_of(events: list[Any]) -> str:
    """The content of all chunks."""
    choices = [choice for event in events[:-1] for choice in event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(REPLY)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """The service with its walls; what it does at its start is not wanted here."""
    client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    yield client
    client.close()


@pytest.fixture
def key_of(services: Services) -> Callable[..., str]:
    """A key of somebody with these roles: `key_of("Ben", {"Documents": MemberRole.READER})`."""

    def key_of(
        name: str, roles: dict[str, MemberRole] | None = None, *, bounds: KeyBounds = UNBOUNDED, is_admin: bool = False
    ) -> str:
        by_id = {open_base(services, base).id: role for base, role in (roles or {}).items()}
        caller_of(services, name, is_admin=is_admin, roles=by_id)
        with services.database.write() as session:
            person = people.find_person(session, name)
            assert person
            return people.create_api_key(session, person, "program", bounds=bounds)

    return key_of


@pytest.fixture
def program(client: TestClient, services: Services, key_of: Callable[..., str], tmp_path: Path) -> Program:
    """Of a reader of “Documents”, in which there is the leave policy."""
    (tmp_path / "leave.md").write_text(LEAVE)
    take_in(services, tmp_path / "leave.md")
    return Program(client, key_of("Ben", {"Documents": MemberRole.READER}))


def create_assistant(services: Services, name: str, **draft: Any) -> str:
    with services.database.write() as session:
        return assistants.create(session, AssistantDraft(name, **draft), created_by="local")
