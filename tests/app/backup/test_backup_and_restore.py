"""What is backed up beside a working service is there again in an empty folder."""

import shutil
from pathlib import Path

import pytest

from app.db import documents, sessions
from app.db.audit import AuditFilter, list_events
from app.domain import Deed
from app.errors import Rejected, SettingsError
from app.services import Services
from tests.backing_up import back_up, put_back
from tests.fakes import WordHashEmbedder, open_with_fakes
from tests.taking_in import find, open_base, take_in

LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
CARS = "A company car may cost 46,000 euro. Its driver pays for fines."
TABLE = "name;price\n" + "".join(f"part {n};{n}\n" for n in range(400))
QUESTIONS = ("days of parental leave", "what may a company car cost", "part 17 price")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text(LEAVE)
    (folder / "cars.txt").write_text(CARS)
    (folder / "parts.csv").write_text(TABLE)
    return folder


def seen(services: Services) -> dict[str, object]:
    """What people see: documents, and what each question finds, with its score."""
    with services.database.read() as session:
        listed = documents.list_documents(session, [open_base(services).id])
    found = {q: [(p.chunk_id, p.score, p.text, p.page) for p in find(services, q)] for q in QUESTIONS}
    return {"documents": sorted((d.id, d.name, d.chunks, d.tables) for d in listed), "found": found}


def test_documents_chunks_and_what_questions_find_are_the_same_and_nothing_is_embedded_again(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    take_in(services, folder)
    before = seen(services)
    taken = back_up(services, tmp_path / "b.cloister")
    assert (taken.manifest.holdings.documents, taken.manifest.missing) == (3, ())
    services.close()
    restored = put_back(services.settings, taken.file, tmp_path / "new")
    assert restored.chunks == taken.manifest.holdings.chunks

    embedder = WordHashEmbedder()
    again = open_with_fakes(services.settings.model_copy(update={"data_dir": tmp_path / "new"}), embedder)
    try:
        assert seen(again) == before
        assert embedder.embedded == []
        assert {item.status for item in take_in(again, folder).values()} == {"unchanged"}
        deeds = [event.deed for event in _audit(again)]
        assert deeds == [Deed.RESTORE]
    finally:
        again.close()
    assert [event.deed for event in _audit(services)] == [Deed.BACKUP]


def _audit(services: Services) -> list[object]:
    with services.database.read() as session:
        return [e for e in list_events(session, AuditFilter(), limit=9) if e.deed in (Deed.BACKUP, Deed.RESTORE)]
