"""Adding documents in the chat, on the real service with fakes for models."""

import zipfile
from pathlib import Path

import pytest
from sqlmodel import Session

from app.db import people
from app.db.people_tables import Membership
from app.domain import JobState, MemberRole
from app.errors import Forbidden, NotFound
from app.services import Services
from app.settings import Settings, load_settings
from app.web.chat.backend import AttachedFile
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.uploads import FILES_ONLY, Uploads, discard, name_files
from app.web.chat.words import ENGLISH
from tests.taking_in import wait_for

LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
PASSWORD = "correct horse battery"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {"data_dir": tmp_path / "data", "limits": {"file_mb": 1}, "ingest": {"knowledge_base": "Handbooks"}}
    )


@pytest.fixture
def backend(services: Services) -> ServiceBackend:
    return ServiceBackend(services)


def add_person(services: Services, *, is_admin: bool) -> str:
    with services.database.write() as session:
        assert isinstance(session, Session)
        return people.create_person(session, f"admin {is_admin}", PASSWORD, is_admin=is_admin).id


@pytest.fixture
def admin(services: Services) -> str:
    return add_person(services, is_admin=True)


@pytest.fixture
def reader(services: Services) -> str:
    return add_person(services, is_admin=False)


def attach(folder: Path, id: str, name: str = "leave.md", content: str = LEAVE) -> AttachedFile:
    path = folder / id
    path.write_text(content)
    return AttachedFile(name, path)


@pytest.mark.anyio
async def test_files_go_to_the_knowledge_base_of_the_settings_and_need_no_copy_any_more(
    backend: ServiceBackend, services: Services, admin: str, tmp_path: Path
) -> None:
    files = [attach(tmp_path, "a"), attach(tmp_path, "b", content=LEAVE.replace("70", "71"))]
    job_id = await backend.add_files(files, admin)
    discard(files)
    job = wait_for(services, job_id)
    assert (job.state, job.knowledge_base, [item.source for item in job.items]) == (
        JobState.DONE,
        "Handbooks",
        ["leave.md"],  # the last of each name
    )
    assert "71" in services.files.path(job.items[0].content_hash).read_text()
    assert (await backend.get_job(job_id, admin, with_items=False)).items == ()


@pytest.mark.anyio
async def test_who_is_no_admin_adds_and_stops_and_sees_nothing(
    backend: ServiceBackend, services: Services, admin: str, reader: str, tmp_path: Path
) -> None:
    file = attach(tmp_path, "a")
    job_id = await backend.add_files([file], admin)
    wait_for(services, job_id)
    assert (await backend.may_upload(admin), await backend.may_upload(reader)) == (True, False)
    with pytest.raises(NotFound):
        await backend.add_files([file], reader)
    with pytest.raises(NotFound):
        await backend.cancel_job(job_id, reader)
    with pytest.raises(NotFound):
        await backend.retry_job(job_id, reader)
    with pytest.raises(NotFound):
        await backend.get_job(job_id, reader, with_items=True)


@pytest.mark.anyio
@pytest.mark.parametrize(("role", "may"), [(MemberRole.READER, False), (MemberRole.EDITOR, True)])
async def test_what_a_member_may_do_is_what_their_role_says(
    backend: ServiceBackend, services: Services, admin: str, reader: str, tmp_path: Path, role: MemberRole, may: bool
) -> None:
    file = attach(tmp_path, "a")
    job_id = await backend.add_files([file], admin)
    base_id = wait_for(services, job_id).knowledge_base_id
    with services.database.write() as session:
        session.add(Membership(person_id=reader, knowledge_base_id=base_id, role=role))
    assert await backend.may_upload(reader) is may
    if may:
        assert await backend.add_files([file], reader)
        await backend.cancel_job(job_id, reader)
        return
    for refused in (backend.add_files([file], reader), backend.cancel_job(job_id, reader)):
        with pytest.raises(Forbidden):
            await refused


@pytest.mark.anyio
async def test_what_failed_is_tried_again_as_a_new_job(
    backend: ServiceBackend, services: Services, admin: str, tmp_path: Path
) -> None:
    first = wait_for(services, await backend.add_files([attach(tmp_path, "a", "a.pdf", "%PDF-1.4 broken")], admin))
    second = wait_for(services, await backend.retry_job(first.id, admin))
    assert (second.id != first.id, second.failed) == (True, 1)


def test_the_limit_is_said_as_the_api_says_it(backend: ServiceBackend) -> None:
    assert backend.refusal(1 << 20) is None
    assert backend.refusal(3 << 20) == "The file has 3 MiB and the limit is 1 MiB; split it or raise limits.file_mb."


# --- from the browser to the message ---


class FakeSession:
    """What a chat session says of itself."""

    language = "en-GB"

    def __init__(self, id: str) -> None:
        self.id = id


def waiting(backend: ServiceBackend, folder: Path) -> Uploads:
    from app.web.chat.uploads import _Waiting

    uploads = Uploads(backend)
    uploads._waiting["f1"] = _Waiting("mine", attach(folder, "f1"))
    return uploads


def test_a_message_gets_its_files_once(backend: ServiceBackend, tmp_path: Path) -> None:
    uploads, message = waiting(backend, tmp_path), {"id": "m1", "output": "How long is leave?"}
    uploads.announce(FakeSession("mine"), message, [{"id": "f1"}, {"id": "unknown"}])
    assert message == {"id": "m1", "output": "How long is leave?"}
    assert [file.name for file in uploads.take("m1")] == ["leave.md"]
    assert uploads.take("m1") == []


def test_a_message_without_words_names_its_files_and_is_no_question(backend: ServiceBackend, tmp_path: Path) -> None:
    message = {"id": "m1", "output": " ", "metadata": {"location": "/"}}
    waiting(backend, tmp_path).announce(FakeSession("mine"), message, [{"id": "f1"}])
    assert message["output"] == "Added: leave.md"
    assert message["metadata"] == {"location": "/", FILES_ONLY: True}


def test_nobody_sends_the_files_of_another_session(backend: ServiceBackend, tmp_path: Path) -> None:
    uploads = waiting(backend, tmp_path)
    uploads.announce(FakeSession("another"), {"id": "m1", "output": ""}, [{"id": "f1"}])
    assert uploads.take("m1") == []


def test_many_files_are_named_in_part(tmp_path: Path) -> None:
    files = [AttachedFile(f"{n}.md", tmp_path) for n in range(12)]
    assert name_files(files, ENGLISH, most=3) == "Added: 0.md, 1.md, 2.md, … and 9 more."


def test_a_file_in_an_archive_is_downloaded_under_its_own_name(services: Services, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from app.web.api.app import build_api
    from tests.taking_in import take_in

    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("people/größe & leave.md", LEAVE)
    items = take_in(services, tmp_path / "all.zip")
    inner = next(item for name, item in items.items() if "/" in name)
    client = TestClient(build_api(services), headers={"Authorization": f"Bearer {services.local_token}"})
    file = client.get(f"/api/v1/documents/{inner.document_id}/file")
    assert file.text == LEAVE
    assert file.headers["content-disposition"] == ("attachment; filename*=utf-8''gr%C3%B6%C3%9Fe%20%26%20leave.md")
