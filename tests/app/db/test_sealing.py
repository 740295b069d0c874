"""Secrets at rest: what is kept of a password opens a file again, and says nothing to whoever reads the database."""

from pathlib import Path

import pytest

from app.db.keys import get_or_create_key
from app.db.sealing import Seal, SealedText, open_seal
from app.db.tables import JobRow, VersionRow
from app.domain import ItemStatus
from app.services import Services
from app.settings import Settings
from app.web.api.app import build_api
from tests.fakes import open_with_fakes
from tests.pdf_files import build_pdf
from tests.taking_in import open_base, wait_for

WORD = "sesame-street-42"


def everything_kept(data_dir: Path) -> bytes:
    """All bytes of the data folder but for the uploaded files."""
    return b"".join(each.read_bytes() for each in data_dir.rglob("*") if each.is_file())


def upload(services: Services, content: bytes, password: str) -> str:
    from fastapi.testclient import TestClient

    client = TestClient(build_api(services), headers={"authorization": f"Bearer {services.local_token}"})
    files = [("files", ("recipe.pdf", content))]
    answer = client.post("/api/v1/knowledge-bases/A/documents", files=files, data={"password": password})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_a_password_is_nowhere_in_the_data_folder_and_still_opens_the_page(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    from fastapi.testclient import TestClient

    job = wait_for(services, upload(services, build_pdf("The secret is rye.", password=WORD), WORD))
    assert [item.status for item in job.items] == [ItemStatus.INDEXED]
    # The jobs' own database holds what workflows were called with.
    assert WORD.encode() not in everything_kept(services.settings.data_dir)
    assert WORD not in caplog.text
    client = TestClient(build_api(services), headers={"authorization": f"Bearer {services.local_token}"})
    page = client.get(f"/api/v1/documents/{job.items[0].document_id}/pages/1.png")
    assert page.headers["content-type"] == "image/png"


def test_a_password_of_a_waiting_job_is_sealed_and_gone_when_it_is_over(services: Services) -> None:
    base = open_base(services, "A")
    job_id = services.ingest().jobs.ingest_files([], knowledge_base_id=base.id, person_id="local", password=WORD)
    wait_for(services, job_id)
    with services.database.read() as session:
        assert session.get_one(JobRow, job_id).password is None


def test_passwords_of_an_old_database_are_sealed_at_the_start_and_work_on(settings: Settings) -> None:
    old = open_with_fakes(settings)
    job = wait_for(old, upload(old, build_pdf("The secret is rye.", password=WORD), WORD))
    version_id = str(job.items[0].version_id)
    with old.database.write() as session:
        # As it was kept until this version.
        session.get_one(VersionRow, version_id).password = WORD
        session.get_one(JobRow, job.id).password = "sealed%_by nobody"
    old.close()
    assert WORD.encode() in everything_kept(settings.data_dir)

    new = open_with_fakes(settings)
    with new.database.read() as session:
        version, row = session.get_one(VersionRow, version_id), session.get_one(JobRow, job.id)
    assert new.seal.open_text(SealedText(version.password or "")) == WORD
    assert new.seal.open_text(SealedText(row.password or "")) == "sealed%_by nobody"
    # Nor in what the database wrote before: its log is overwritten.
    assert WORD.encode() not in everything_kept(settings.data_dir)
    new.close()
    kept = version.password
    again = open_with_fakes(settings)
    with again.database.read() as session:
        assert session.get_one(VersionRow, version_id).password == kept
    again.close()


def test_a_password_under_a_lost_key_is_asked_for_again(settings: Settings) -> None:
    services = open_with_fakes(settings)
    job = wait_for(services, upload(services, build_pdf("The secret is rye.", password=WORD), WORD))
    services.close()
    (settings.data_dir / "keys" / "sources").unlink()

    services = open_with_fakes(settings)
    with services.database.read() as session:
        password = session.get_one(VersionRow, str(job.items[0].version_id)).password
    assert services.passwords(SealedText(password or "")) == ()
    services.close()


def test_one_key_seals_all_and_earlier_ones_still_open(tmp_path: Path) -> None:
    own = open_seal("", tmp_path)
    sealed_before = own.close_text(WORD)
    choices = Seal(get_or_create_key(tmp_path / "choices")).close(b"key of an endpoint")

    seal = open_seal("a secret of the environment", tmp_path)
    assert seal.open_text(sealed_before) == WORD
    assert seal.open(choices) == b"key of an endpoint"
    assert own.open_text(seal.close_text(WORD)) is None
    assert open_seal("", tmp_path).close_text(WORD) != sealed_before


def test_what_is_no_seal_opens_to_nothing() -> None:
    assert Seal("key").open_text(SealedText("sealed:nonsense")) is None
