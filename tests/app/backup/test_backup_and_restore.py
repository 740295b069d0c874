"""What is backed up beside a working service is there again in an empty folder."""

import errno
import hashlib
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from app.backup import archive, restore, take, target
from app.backup.check import check
from app.bootstrap import open_services
from app.db import api_keys, documents, jobs, people, sessions, transfer, whole
from app.db.audit import AuditFilter, list_events
from app.db.columns import utc_now
from app.db.schema import migrations_config
from app.db.serving_tables import ServiceProcess
from app.domain import AuditEvent, Deed, JobState, Visitor
from app.domain.backups import About, Holdings, Manifest
from app.errors import EngineUnavailable, Rejected, SettingsError
from app.services import Services
from app.settings import Settings, load_settings
from tests.backing_up import back_up, place_of, put_back
from tests.fakes import WordHashEmbedder, open_with_fakes
from tests.taking_in import find, open_base, start, take_in, wait_for, wait_for_all

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


@pytest.fixture
def backup(services: Services, folder: Path, tmp_path: Path) -> Path:
    """A backup with three documents, of services that are closed by now."""
    take_in(services, folder)
    file = back_up(services, tmp_path / "b.cloister").file
    services.close()
    return file


def in_folder(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"data_dir": folder})


def seen(services: Services) -> dict[str, object]:
    """What people see: documents, and what each question finds, with its score."""
    with services.database.read() as session:
        listed = documents.list_documents(session, [open_base(services).id])
    found = {q: [(p.chunk_id, p.score, p.text, p.page) for p in find(services, q)] for q in QUESTIONS}
    return {"documents": sorted((d.id, d.name, d.chunks, d.tables) for d in listed), "found": found}


def audit(services: Services) -> list[AuditEvent]:
    with services.database.read() as session:
        events = list_events(session, AuditFilter(), limit=99)
    return [event for event in events if event.deed in (Deed.BACKUP, Deed.RESTORE)]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- all of it ----------------------------------------------------------------------------------


def test_documents_chunks_and_what_questions_find_are_the_same_and_nothing_is_embedded_again(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    take_in(services, folder)
    before = seen(services)
    taken = back_up(services, tmp_path / "b.cloister")
    assert (taken.manifest.holdings.documents, taken.manifest.missing) == (3, ())
    assert taken.file.stat().st_mode & 0o077 == 0
    services.close()
    restored = put_back(services.settings, taken.file, tmp_path / "new")
    assert restored.chunks == taken.manifest.holdings.chunks

    embedder = WordHashEmbedder()
    again = open_with_fakes(in_folder(services.settings, tmp_path / "new"), embedder)
    try:
        assert seen(again) == before
        assert embedder.embedded == []
        assert {item.status for item in take_in(again, folder).values()} == {"unchanged"}
        assert [(e.deed, e.person, e.subject) for e in audit(again)] == [(Deed.RESTORE, "this machine", "b.cloister")]
    finally:
        again.close()
    assert [(e.deed, e.subject_id) for e in audit(services)] == [(Deed.BACKUP, taken.manifest.about.id)]


def test_nothing_but_the_backup_is_left_where_it_was_taken(services: Services, folder: Path, tmp_path: Path) -> None:
    take_in(services, folder)
    (tmp_path / "out").mkdir()
    back_up(services, tmp_path / "out" / "b")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]
    assert list(services.settings.data_dir.glob(f"{take.WORKSHOP}*")) == []


def test_what_a_killed_backup_left_goes_at_the_next_one_and_at_the_next_start(
    services: Services, tmp_path: Path
) -> None:
    left = services.settings.data_dir / f"{take.WORKSHOP}killed"
    for clean in (lambda: back_up(services, tmp_path / "b"), lambda: take.sweep_workshops(left.parent)):
        left.mkdir()
        (left / "snapshot.sqlite").write_text("texts")
        clean()
        assert not left.exists()


# --- while others work --------------------------------------------------------------------------


def test_a_backup_that_is_taken_while_documents_come_in_goes_on_where_it_was(
    services: Services, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(24):
        (folder / f"{n}.md").write_text(f"# Field {n}\n\nField {n} grows rye number {n}.\n" + f"Row {n}. " * 200)
    job_id = start(services, folder)
    taken = back_up(services, tmp_path / "b")
    done = wait_for(services, job_id)
    assert done.state is JobState.DONE
    before = seen(services)
    services.close()
    manifest = taken.manifest
    assert manifest.missing == ()
    assert manifest.holdings.documents < 24, "the backup was to be taken before the end"

    for file in folder.iterdir():
        file.unlink()  # what the job had found is in the backup
    put_back(services.settings, taken.file, tmp_path / "new")
    again = open_with_fakes(in_folder(services.settings, tmp_path / "new"))
    try:
        again.ingest()
        wait_for_all(again)
        with again.database.read() as session:
            items = jobs.get_job(session, job_id).items
        if items:  # else the moment was before the job had looked through its folder
            assert {item.status for item in items} == {"indexed"}
            assert seen(again) == before
    finally:
        again.close()


def test_a_document_that_is_deleted_while_originals_are_copied_is_not_in_the_backup(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    gone = take_in(services, folder)["cars.txt"].document_id
    assert gone
    deleted: list[str] = []

    def delete_meanwhile(stage: str, _done: int, _total: int) -> None:
        if stage == "files" and not deleted:
            deleted.append(gone)
            services.ingest().delete_document(gone)

    taken = take.take(place_of(services.settings), tmp_path / "b", None, delete_meanwhile)
    assert (taken.manifest.holdings.documents, taken.manifest.missing) == (2, ())
    services.close()
    put_back(services.settings, taken.file, tmp_path / "new")
    car = hashlib.sha256(CARS.encode()).hexdigest()
    assert not (tmp_path / "new" / "files" / car[:2] / car).exists()
    assert not any(CARS.encode() in content for content in tree(tmp_path / "new").values())


def test_a_file_that_goes_between_a_moment_and_its_copy_makes_the_backup_look_again(
    services: Services, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document comes after the first look and goes right after the moment has named its file."""
    calls: list[str] = []
    look = whole.list_named_files

    def come_and_go(session: Any) -> whole.NamedFiles:
        named = look(session)
        calls.append("look")
        if len(calls) == 1:
            take_in(services, folder / "cars.txt")
        if len(calls) == 2:
            with services.database.read() as other:
                (document,) = documents.list_documents(other, [open_base(services).id])
            # Its files and rows go; the log cannot be overwritten while the moment is held.
            services.document_line().removal.remove(document.id)
        return named

    services.ingest()
    monkeypatch.setattr(take.whole, "list_named_files", come_and_go)
    taken = back_up(services, tmp_path / "b")
    assert len(calls) == 3
    assert (taken.manifest.holdings.documents, taken.manifest.missing) == (0, ())


def test_an_original_that_is_missing_in_the_store_is_named_and_everything_else_is_kept(
    services: Services, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take, "PAUSE_S", 0)
    take_in(services, folder)
    before = seen(services)
    car = hashlib.sha256(CARS.encode()).hexdigest()
    services.files.remove(car)
    taken = back_up(services, tmp_path / "b")
    assert taken.manifest.missing == (f"files/{car}",)
    services.close()
    put_back(services.settings, taken.file, tmp_path / "new")
    again = open_with_fakes(in_folder(services.settings, tmp_path / "new"))
    try:
        assert seen(again) == before
    finally:
        again.close()


# --- people and secrets -------------------------------------------------------------------------


def test_keys_of_programs_stay_good_and_browsers_have_to_sign_in_again(services: Services, tmp_path: Path) -> None:
    length = services.settings.people.session_length
    with services.database.write() as session:
        ada = people.create_person(session, "Ada", "rye needs a cold winter", is_admin=False)
        key = people.create_api_key(session, ada, "script", expires_at=utc_now() + timedelta(days=9))
        opened = sessions.start(session, ada.id, Visitor("Firefox", "127.0.0.1"), length)
        assert sessions.find(session, opened, length)
        session.add(ServiceProcess(id="old", role="web", host="there", pid=1, version="1"))
    taken = back_up(services, tmp_path / "b")
    services.close()
    put_back(services.settings, taken.file, tmp_path / "new")
    again = open_with_fakes(in_folder(services.settings, tmp_path / "new"))
    try:
        with again.database.read() as session:
            assert api_keys.open_with(session, key)
            assert people.find_by_password(session, "Ada", "rye needs a cold winter")
            assert sessions.find(session, opened, length) is None
            assert session.get(ServiceProcess, "old") is None
    finally:
        again.close()


def test_sealed_passwords_open_again(services: Services, tmp_path: Path) -> None:
    sealed = services.seal.close_text("rye")
    taken = back_up(services, tmp_path / "b")
    services.close()
    put_back(services.settings, taken.file, tmp_path / "new")
    again = open_with_fakes(in_folder(services.settings, tmp_path / "new"))
    assert again.seal.open_text(sealed) == "rye"
    again.close()
    kept = {path.name for path in (tmp_path / "new" / "keys").iterdir()}
    assert kept == {"sources", "session", "local"}
    for name in ("session", "local"):  # made anew: those of the old machine open nothing here
        assert (tmp_path / "new/keys" / name).read_text() != (services.settings.data_dir / "keys" / name).read_text()


def test_a_seal_from_the_environment_has_to_be_given_again(settings: Settings, tmp_path: Path) -> None:
    with_secret = settings.model_copy(
        update={"crawl": load_settings({"data_dir": settings.data_dir, "crawl": {"secret": "s" * 40}}).crawl}
    )
    opened = open_with_fakes(with_secret)
    taken = back_up(opened, tmp_path / "b")
    opened.close()
    with pytest.raises(SettingsError, match="CLOISTER_CRAWL__SECRET"):
        put_back(settings, taken.file, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    put_back(with_secret, taken.file, tmp_path / "new")


# --- what is refused ----------------------------------------------------------------------------


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(backup: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "note.txt").write_text("mine")
    with pytest.raises(Rejected, match=r"not empty \(it holds note\.txt\)"):
        put_back(settings, backup, tmp_path / "new")
    assert tree(tmp_path / "new") == {"note.txt": b"mine"}
    with pytest.raises(Rejected, match="not empty"):
        put_back(settings, backup, settings.data_dir)


def test_models_that_lie_in_the_folder_already_are_no_reason_to_refuse_it(
    backup: Path, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "new" / "models").mkdir(parents=True)
    (tmp_path / "new" / "models" / "a.gguf").write_text("weights")
    models = (tmp_path / "new" / "models",)
    put_back(settings, backup, tmp_path / "new", model_folders=models)
    assert (tmp_path / "new" / "models" / "a.gguf").read_text() == "weights"


@pytest.mark.parametrize("harm", ["cut", "changed", "wrong passphrase"])
def test_a_file_that_is_not_whole_writes_nothing(services: Services, folder: Path, tmp_path: Path, harm: str) -> None:
    take_in(services, folder)
    file = back_up(services, tmp_path / "b", "rye needs winter").file
    content = file.read_bytes()
    match harm:
        case "cut":
            file.write_bytes(content[:-1])
        case "changed":
            file.write_bytes(content[:-40] + bytes([content[-40] ^ 1]) + content[-39:])
        case _:
            pass
    word = "barley" if harm == "wrong passphrase" else "rye needs winter"
    with pytest.raises(Rejected):
        put_back(services.settings, file, tmp_path / "new", word)
    assert not (tmp_path / "new").exists()


def test_a_backup_of_a_newer_version_is_refused(settings: Settings, tmp_path: Path) -> None:
    file = old_backup(tmp_path / "b", tmp_path / "old.sqlite", "0001", said="0042")
    with pytest.raises(Rejected, match="revision 0042"):
        put_back(settings, file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_of_the_first_version_is_brought_up_to_date(settings: Settings, tmp_path: Path) -> None:
    file = old_backup(tmp_path / "b", tmp_path / "old.sqlite", "0001")
    put_back(settings, file, tmp_path / "new")
    again = open_with_fakes(in_folder(settings, tmp_path / "new"))
    try:
        with again.database.read() as session:
            assert whole.count_holdings(session).knowledge_bases == 1
    finally:
        again.close()
    assert not (tmp_path / "new" / "before-upgrade").exists()


def old_backup(file: Path, database: Path, revision: str, *, said: str = "") -> Path:
    """A backup as a version with this revision would have taken it."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        command.upgrade(migrations_config(connection), revision)
        connection.execute(text("INSERT INTO knowledge_base VALUES ('kb', 'Documents', 'gen', '2026-01-01')"))
        connection.execute(
            text("INSERT INTO generation VALUES ('gen', 'kb', 'heading', 200, 30, 'word-hash', '2026-01-01')")
        )
    engine.dispose()
    about = About("old", archive.FORMAT, "0.1", said or revision, utc_now())
    key, seal = "k" * 64, restore.Seal("k" * 64)
    with file.open("wb") as out, archive.open_writer(out, None) as writer:
        writer.add_bytes(archive.ABOUT, archive.write_json(about))
        writer.add_bytes("keys/sources", key.encode())
        writer.add_file(archive.DATABASE, database)
        holdings, word = Holdings(1, 0, 0, ("word-hash",)), seal.close_text(take.SEALED_WORD)
        manifest = Manifest(about, dict(writer.members), (), holdings, word)
        writer.add_bytes(archive.MANIFEST, archive.write_json(manifest))
    return file


def test_a_folder_without_a_database_is_not_backed_up_as_an_empty_one(settings: Settings) -> None:
    with pytest.raises(Rejected, match="nothing to back up"):
        place_of(settings)
    assert not settings.data_dir.exists()


def test_a_database_of_another_revision_is_not_backed_up(services: Services, tmp_path: Path) -> None:
    services.close()
    services.database.downgrade("0008")
    with pytest.raises(Rejected, match="at revision 0008"):
        back_up(services, tmp_path / "b")
    assert not (tmp_path / "b").exists()


# --- crashes and full disks ---------------------------------------------------------------------


class Killed(BaseException):
    """As if the process had ended here."""


def kill(*_arguments: object, **_more: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (restore, "_place"),
        (restore, "_publish"),
        (restore.IndexBuilder, "build"),
        (restore.whole, "begin_anew"),
        (restore.target, "end"),
    ],
)
def test_a_restore_that_was_killed_serves_nothing_and_begins_anew(
    backup: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, name, kill)
        with pytest.raises(Killed):
            put_back(settings, backup, tmp_path / "new")
    for use in (open_services, place_of):
        with pytest.raises(SettingsError, match="restore` again"):
            use(in_folder(settings, tmp_path / "new"))
    put_back(settings, backup, tmp_path / "new")
    again = open_with_fakes(in_folder(settings, tmp_path / "new"))
    try:
        assert len(find(again, QUESTIONS[0])) > 0
        assert len(audit(again)) == 1
    finally:
        again.close()
    assert not (tmp_path / "new" / target.MARK).exists()


def test_a_full_disk_leaves_the_backup_that_was_there_and_no_half_one(
    services: Services, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(services, folder)
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "b"
    back_up(services, file)
    earlier = file.read_bytes()
    monkeypatch.setattr(take.tempfile, "NamedTemporaryFile", _of_a_full_disk(take.tempfile.NamedTemporaryFile))
    with pytest.raises(EngineUnavailable, match=r"not enough room.*untouched"):
        back_up(services, file)
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == {"b": earlier}
    assert check(file, None).manifest.holdings.documents == 3
    assert list(services.settings.data_dir.glob(f"{take.WORKSHOP}*")) == []
    assert len(audit(services)) == 1


def _of_a_full_disk(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(*arguments: Any, **named: Any) -> Any:
        file = make(*arguments, **named)
        write, room = file.write, [4096]

        def write_while_there_is_room(content: bytes) -> int:
            room[0] -= len(content)
            if room[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(write(content))

        file.write = write_while_there_is_room
        return file

    return made


def test_a_full_disk_while_restoring_says_so_and_the_place_stays_marked(
    backup: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(restore, "_write", full)
        with pytest.raises(EngineUnavailable, match="marked as unfinished"):
            put_back(settings, backup, tmp_path / "new")
    assert (tmp_path / "new" / target.MARK).exists()
    put_back(settings, backup, tmp_path / "new")


# --- what the index is built from ---------------------------------------------------------------


def test_vectors_that_are_not_in_the_database_are_computed_with_the_same_model_only(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    take_in(services, folder)
    before = seen(services)
    with services.database.write() as session:
        session.execute(text("DELETE FROM embedding WHERE text_hash IN (SELECT text_hash FROM embedding LIMIT 2)"))
    taken = back_up(services, tmp_path / "b")
    services.close()
    with pytest.raises(Rejected, match="2 vectors of the model word-hash are missing"):
        put_back(services.settings, taken.file, tmp_path / "new", open_embedder=lambda: WordHashEmbedder("other"))
    embedder = WordHashEmbedder()
    put_back(services.settings, taken.file, tmp_path / "new", open_embedder=lambda: embedder)
    assert len(embedder.embedded) == 2
    again = open_with_fakes(in_folder(services.settings, tmp_path / "new"))
    try:
        assert seen(again) == before
    finally:
        again.close()


def test_a_moment_of_the_database_holds_nothing_of_what_is_written_later(services: Services, tmp_path: Path) -> None:
    with transfer.open_snapshot(services.database) as moment:
        open_base(services, "Later")
        moment.write(tmp_path / "moment.sqlite")
    with sqlite3.connect(tmp_path / "moment.sqlite") as opened:
        assert opened.execute("SELECT count(*) FROM knowledge_base WHERE name = 'Later'").fetchone() == (0,)
    assert {path.name for path in tmp_path.glob("moment*")} == {"moment.sqlite"}
