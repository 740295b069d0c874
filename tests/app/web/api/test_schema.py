"""The OpenAPI document, held against the service: whatever is sent, no answer is an error of ours, and each is one that
the document describes.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.db import crawls, documents, generations, jobs, people, sources, webhooks
from app.domain import CHOOSABLE, MemberRole, Schedule, SourceKind, WebhookDraft
from app.services import Services
from app.settings import load_settings, prepare_data_dir
from app.web.api.app import build_api
from tests.app.operations.callers import caller_of
from tests.app.web.stored_chat import Chat
from tests.conftest import JOBS_FILE
from tests.fakes import open_with_fakes
from tests.lent_sandboxes import LentSandboxes
from tests.taking_in import open_base, take_in

# Each operation with so many requests, half of them made to be wrong. The same ones every time.
EXAMPLES: Final = 8
FEWEST: Final = 200
SEED: Final = 20_261_128
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True, slots=True)
class House:
    """The API over a service with a document in it, and the keys of an admin and of a reader."""

    app: FastAPI
    keys: dict[str, str]
    ids: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandboxes: LentSandboxes, jobs_file: Path) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("schema")
    chosen = {"limits": {"requests_per_minute": 1_000_000, "file_mb": 1}}
    settings = load_settings({"data_dir": folder / "data", **chosen})
    shutil.copy(jobs_file, prepare_data_dir(settings.data_dir) / JOBS_FILE)
    services = open_with_fakes(settings)
    sandboxes.lend_to(services)
    (folder / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    take_in(services, folder / "leave.md")
    base = open_base(services)
    reader = caller_of(services, "Ben", roles={base.id: MemberRole.READER})
    admin = caller_of(services, "Ada", is_admin=True)
    keys = {"reader": _key(services, reader.id), "admin": _key(services, admin.id)}
    yield House(build_api(services), keys, _ids(services, base.id, reader.id, admin.id))
    services.close()


@pytest.fixture(scope="module")
def schema(house: House) -> schemathesis.BaseSchema:
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True)
    config = SchemathesisConfig(seed=SEED, projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    return schemathesis.openapi.from_asgi("/openapi.json", house.app, config=config)


@pytest.mark.parametrize("who", ["reader", "admin"])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_document_describes(
    schema: schemathesis.BaseSchema, house: House, who: str, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {house.keys[who]}"}
    faults, sent = [], 0

    def send(case: Case) -> None:
        nonlocal sent
        sent += 1
        if sent % 2:  # else nothing would ever be found
            case.path_parameters = {**case.path_parameters, **_real(case, house)}
        case.call_and_validate(headers=headers, checks=CHECKS)

    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in sorted(operations, key=lambda each: each.method == "delete"):
        try:
            _many(operation.as_strategy(generation_mode=mode))(send)()
        except Unsatisfiable:  # it takes nothing that could be wrong
            continue
        except (FailureGroup, Failure) as exc:
            faults.append(f"{operation.label}: {exc}")
    print(f"{sent} requests")
    assert "\n\n".join(faults) == ""
    assert sent >= FEWEST


def _real(case: Case, house: House) -> dict[str, str]:
    """The path's parameters that name something which is there."""
    place = max((place for place in house.ids if case.operation.path.startswith(place)), key=len)
    return {name: value for name, value in house.ids[place].items() if name in case.path_parameters}


def _many(cases: SearchStrategy[Case]) -> Callable[[Callable[[Case], None]], Callable[[], None]]:
    """Calls a function with so many cases, the same ones every time."""

    def calling(send: Callable[[Case], None]) -> Callable[[], None]:
        return seed(SEED)(
            settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))(
                given(cases)(send)
            )
        )

    return calling


def _ids(services: Services, base_id: str, reader_id: str, admin_id: str) -> dict[str, dict[str, str]]:
    """By the beginnings of paths, what there is in the house. Of people it is the reader that goes."""
    chat = Chat(services, admin_id)
    with services.database.write() as session:
        (document,) = documents.list_briefs(session, [base_id])
        job = jobs.list_jobs(session, [base_id])[0].id
        generation = generations.list_of(session, base_id)[0].id
        source = sources.put_source(
            session,
            SourceKind.FOLDER,
            "/srv/none",
            knowledge_base_id=base_id,
            schedule=Schedule(""),
            created_by="local",
        )
        crawls.create_run(session, job, source, accepts_removals=False)
        told = WebhookDraft("Hook", "http://127.0.0.1:9/none", frozenset(CHOOSABLE))
        webhook = webhooks.create(session, told, "", created_by="local")
    kb = {"kb": "Documents"}
    return {
        "": {},
        "/api/v1/knowledge-bases": {**kb, "name": "Ben", "id": reader_id},
        "/api/v1/documents": {"id": document.id, "n": "1"},
        "/api/v1/jobs": {"id": job},
        "/api/v1/generations": {"id": generation},
        "/api/v1/sources": {"id": source},
        "/api/v1/runs": {"id": job},
        "/api/v1/webhooks": {"id": webhook},
        "/api/v1/conversations": {"id": chat.id},
        "/api/v1/speech": {"message_id": chat.ids["answer"], "n": "1"},
        "/v1/models": {"id": "cloister"},
    }


def _key(services: Services, person_id: str) -> str:
    with services.database.write() as session:
        person = people.find_enabled(session, person_id)
        assert person
        return people.create_api_key(session, person, "schema")
