"""`cloister backup`, `restore` and `downgrade` as scripts use them: real processes, the real small models."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running_service import COMMAND, Cloister, Outcome, RunningService, serve

POLICY = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
QUESTION = "How many days of parental leave?"
WORD = {"CLOISTER_BACKUP_PASSPHRASE": "rye needs a cold winter"}


@dataclass(frozen=True, slots=True)
class WithSettings(Cloister):
    """The command with something more in its environment, and what is typed."""

    def run(self, *arguments: str, typed: str = "", **settings: str) -> Outcome:
        environment = self.environment(**settings)
        done = subprocess.run([COMMAND, *arguments], env=environment, input=typed, capture_output=True, text=True)
        return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that goes on running, with one document."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "policy.md").write_text(POLICY)
    with serve(folder / "data") as running:
        assert running.cloister("ingest", str(folder / "policy.md")).code == 0
        yield running


@pytest.fixture(scope="module")
def backup(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encrypted backup that was taken beside the service."""
    file = tmp_path_factory.mktemp("backups") / "cloister.backup"
    taken = WithSettings(service.cloister.data_dir).run("backup", str(file), "--json", **WORD)
    assert taken.code == 0, taken.stderr
    assert taken.stderr == ""
    facts = taken.document
    assert (facts["encrypted"], facts["documents"], facts["chunks"], facts["missing"]) == (True, 1, 1, [])
    assert facts["size_bytes"] == file.stat().st_size
    return file


def test_a_backup_taken_beside_the_service_answers_in_another_folder(
    service: RunningService, backup: Path, tmp_path: Path
) -> None:
    new = WithSettings(tmp_path / "new")
    restored = new.run("restore", str(backup), "--json", **WORD)
    assert restored.code == 0, restored.stderr
    assert (restored.document["indexed_chunks"], restored.document["data_dir"]) == (1, str(tmp_path / "new"))
    found, there = (each("search", QUESTION, "--json").document for each in (new, service.cloister))
    assert found == there
    again = new.run("restore", str(backup), **WORD)
    assert (again.code, "is not empty" in again.stderr) == (2, True)


def test_a_file_is_checked_without_writing_anything(backup: Path, tmp_path: Path) -> None:
    new = WithSettings(tmp_path / "new")
    checked = new.run("restore", str(backup), "--check", **WORD)
    assert (checked.code, "The file is whole." in checked.stdout) == (0, True)
    wrong = new.run("restore", str(backup), "--check", CLOISTER_BACKUP_PASSPHRASE="barley")
    assert (wrong.code, "The passphrase is wrong" in wrong.stderr, wrong.stdout) == (2, True, "")
    cut = tmp_path / "cut"
    cut.write_bytes(backup.read_bytes()[:-1])
    refused = new.run("restore", str(cut), **WORD)
    assert (refused.code, "cut off" in refused.stderr) == (2, True)
    assert not (tmp_path / "new").exists()


def test_a_passphrase_is_asked_for_twice_when_it_is_made(service: RunningService, tmp_path: Path) -> None:
    cloister = WithSettings(service.cloister.data_dir)
    file = tmp_path / "asked"
    assert cloister.run("backup", str(file), "--encrypt", typed="rye\nrye\n").code == 0
    assert file.read_bytes().startswith(b"cloister-backup-encrypted")
    opened = WithSettings(tmp_path / "new").run("restore", str(file), "--check", typed="rye\n")
    assert opened.code == 0, opened.stderr


def test_a_backup_that_is_not_encrypted_says_so(service: RunningService, tmp_path: Path) -> None:
    taken = service.cloister("backup", str(tmp_path / "plain"))
    assert "not encrypted: whoever has the file can read everything in it" in taken.stdout
    assert "1 knowledge base, 1 documents, 1 chunks." in taken.stdout


def test_a_place_that_cannot_be_written_to_is_the_users_mistake(service: RunningService, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "b"):
        refused = service.cloister("backup", str(place))
        assert (refused.code, "name a file in a folder that is there" in refused.stderr) == (2, True)


def test_nothing_is_downgraded_under_a_running_service(service: RunningService) -> None:
    refused = service.cloister("downgrade", "0008")
    assert (refused.code, "stop it first" in refused.stderr) == (2, True)


def test_a_data_folder_goes_back_and_forth_between_versions(backup: Path, tmp_path: Path) -> None:
    new = WithSettings(tmp_path / "new")
    assert new.run("restore", str(backup), **WORD).code == 0
    back = new("downgrade", "0005")
    assert back.code == 0, back.stderr
    assert "is at revision 0005" in back.stdout
    assert str(tmp_path / "new" / "before-upgrade") in back.stdout
    refused = new("backup", str(tmp_path / "b"))
    assert (refused.code, "at revision 0005" in refused.stderr) == (2, True)
    assert len(new("search", QUESTION, "--json").document["passages"]) == 1


def test_there_is_nothing_to_back_up_in_a_folder_without_a_database(tmp_path: Path) -> None:
    refused = Cloister(tmp_path / "nothing")("backup", str(tmp_path / "b"))
    assert (refused.code, "nothing to back up" in refused.stderr) == (2, True)
    assert not (tmp_path / "nothing").exists()
