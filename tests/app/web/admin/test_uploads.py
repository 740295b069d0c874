"""Uploads in the browser: kept, followed, cancelled, tried again; and refused for who may not."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from app.db import documents, jobs
from app.domain import Job, JobState, MemberRole
from app.services import Services
from app.settings import Settings, load_settings
from tests.app.web.signed_in import Browser
from tests.pdf_files import build_pdf
from tests.taking_in import open_base, wait_for, wait_for_all

Enter = Callable[..., Browser]
LEAVE = b"# Leave\n\nEvery parent receives 70 days.\n"
LOCKED = build_pdf("The secret is rye.", password="rye")
AS_PART = {"hx-request": "true"}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    """The defaults with a small limit, so that a file beyond it is quickly made."""
    return load_settings({"data_dir": tmp_path / "data", "limits": {"file_mb": 1}})


@pytest.fixture
def base_id(services: Services) -> str:
    return open_base(services, "Staff").id


def send(browser: Browser, base_id: str, *files: tuple[str, bytes], **fields: str) -> Any:
    return browser.post(
        f"/admin/knowledge-bases/{base_id}/documents", fields, files=[("files", file) for file in files]
    )


def the_job(services: Services, base_id: str) -> Job:
    """The newest job of a knowledge base, over."""
    with services.database.read() as session:
        newest = jobs.list_jobs(session, [base_id], limit=1)[0]
    return wait_for(services, newest.id)


def names(services: Services, base_id: str) -> list[str]:
    with services.database.read() as session:
        return [document.name for document in documents.list_documents(session, [base_id])]


def test_an_upload_is_followed_until_a_sentence_says_what_became_of_it(
    services: Services, base_id: str, enter: Enter
) -> None:
    ben = enter("Ben", roles={base_id: MemberRole.EDITOR})
    begun = send(ben, base_id, ("leave.md", LEAVE), ("broken.pdf", b"%PDF-1.7 no more"))
    assert begun.status_code == 200, begun.text
    job = the_job(services, base_id)
    assert f'id="job-{job.id}"' in begun.text
    over = ben.get(f"/admin/knowledge-bases/{base_id}/jobs/{job.id}")
    assert "1 document indexed in" in over.text
    assert ". 1 document could not be taken in" in over.text
    assert "hx-get" not in over.text
    assert over.headers["hx-trigger"] == "documents-changed"
    page = ben.get(f"/admin/knowledge-bases/{base_id}").text
    assert "added by Ben" in page
    assert "broken.pdf is a broken PDF" in page


def test_a_job_that_goes_on_is_asked_for_again(services: Services, base_id: str, admin: Browser) -> None:
    services.ingest()
    with services.database.write() as session:  # nobody has begun to work on it
        job_id = jobs.create_job(session, knowledge_base_id=base_id, requested_by=admin.person_id)
    here = f"/admin/knowledge-bases/{base_id}/jobs/{job_id}"
    going = admin.get(here)
    assert f'hx-get="{here}" hx-trigger="every 1s"' in going.text
    assert "hx-trigger" not in going.headers
    assert "Stopping" in admin.post(f"{here}/cancel").text
    with services.database.write() as session:
        jobs.finish_job(session, job_id, error=None)
    assert the_job(services, base_id).state is JobState.CANCELLED


def test_folders_keep_files_of_one_name_apart(services: Services, base_id: str, admin: Browser) -> None:
    send(admin, base_id, ("2025/leave.md", LEAVE), ("2026/leave.md", LEAVE + b"More."), ("../../etc/x.md", LEAVE))
    the_job(services, base_id)
    assert names(services, base_id) == ["2025/leave.md", "2026/leave.md", "etc/x.md"]


def test_a_file_beyond_the_limit_is_refused_and_nothing_is_kept(
    services: Services, base_id: str, admin: Browser
) -> None:
    refused = send(admin, base_id, ("leave.md", LEAVE), ("big.md", b"x" * (2 << 20)))
    assert refused.status_code == 422
    assert "big.md: The file has 2 MiB and the limit is 1 MiB" in refused.text
    assert list(services.files.hashes()) == []
    assert 'data-file-mb="1"' in admin.get(f"/admin/knowledge-bases/{base_id}").text


def test_who_may_not_add_is_refused_and_nothing_is_kept(services: Services, base_id: str, enter: Enter) -> None:
    other = open_base(services, "Other").id
    reader = enter("Ben", roles={base_id: MemberRole.READER, other: MemberRole.EDITOR})
    assert send(reader, base_id, ("leave.md", LEAVE)).status_code == 403
    stranger = enter("Eve", roles={other: MemberRole.EDITOR})
    assert send(stranger, base_id, ("leave.md", LEAVE)).status_code == 404
    assert list(services.files.hashes()) == []
    assert send(stranger, other, ("leave.md", LEAVE)).status_code == 200
    wait_for_all(services)


def test_a_job_is_shown_and_managed_only_under_its_own_knowledge_base(
    services: Services, base_id: str, admin: Browser, enter: Enter
) -> None:
    other = open_base(services, "Other").id
    send(admin, base_id, ("broken.pdf", b"%PDF-1.7 no more"))
    job = the_job(services, base_id)
    stranger = enter("Ben", roles={other: MemberRole.EDITOR})
    for base, browser in ((other, admin), (other, stranger), (base_id, stranger)):
        here = f"/admin/knowledge-bases/{base}/jobs/{job.id}"
        assert browser.get(here).status_code == 404
        assert {browser.post(f"{here}/{what}").status_code for what in ("cancel", "retry", "forget")} == {404}
    assert admin.get(f"/admin/knowledge-bases/{base_id}/jobs/{job.id}").status_code == 200


def test_a_protected_file_is_tried_again_with_its_password(services: Services, base_id: str, admin: Browser) -> None:
    send(admin, base_id, ("recipe.pdf", LOCKED))
    failed = the_job(services, base_id)
    page = admin.get(f"/admin/knowledge-bases/{base_id}").text
    assert "a password is needed" in page
    assert f'id="password-{failed.id}"' in page
    here = f"/admin/knowledge-bases/{base_id}/jobs/{failed.id}"
    assert admin.post(f"{here}/retry", {"password": "rye"}).status_code == 303
    the_job(services, base_id)
    assert names(services, base_id) == ["recipe.pdf"]
    assert "Could not be taken in" not in admin.get(f"/admin/knowledge-bases/{base_id}").text


def test_a_password_may_come_with_the_upload(services: Services, base_id: str, admin: Browser) -> None:
    send(admin, base_id, ("recipe.pdf", LOCKED), password="rye")
    the_job(services, base_id)
    assert names(services, base_id) == ["recipe.pdf"]


def test_what_failed_is_taken_from_the_list_with_its_file(services: Services, base_id: str, admin: Browser) -> None:
    send(admin, base_id, ("broken.pdf", b"%PDF-1.7 no more"))
    job = the_job(services, base_id)
    assert len(list(services.files.hashes())) == 1
    assert admin.post(f"/admin/knowledge-bases/{base_id}/jobs/{job.id}/forget").status_code == 303
    assert "broken.pdf" not in admin.get(f"/admin/knowledge-bases/{base_id}").text
    assert list(services.files.hashes()) == []


def test_an_error_of_an_upload_is_a_part_of_the_page(base_id: str, admin: Browser) -> None:
    token = {"x-csrf-token": admin.token(), **AS_PART}
    answer = admin.client.post(
        f"/admin/knowledge-bases/{base_id}/documents",
        files=[("files", ("big.md", b"x" * (2 << 20)))],
        headers=token,
    )
    assert answer.status_code == 422
    assert answer.text.startswith('<p class="problem"')


def test_a_second_upload_of_the_same_says_so(services: Services, base_id: str, admin: Browser) -> None:
    for _ in range(2):
        send(admin, base_id, ("leave.md", LEAVE))
        job = the_job(services, base_id)
        time.sleep(0.01)  # the newest job is told by its time
    page = admin.get(f"/admin/knowledge-bases/{base_id}/jobs/{job.id}").text
    assert "1 document was there already as it is." in page
