"""Folders and files of this machine as a source."""

import os
from pathlib import Path

import pytest

from app.errors import Rejected
from ingest.sources.folder import Unreadable, find_files


def names(*paths: Path) -> list[str]:
    return [each.name for each in find_files(paths, max_file_mb=1) if not isinstance(each, Unreadable)]


def write(path: Path, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_names_are_relative_to_the_named_folder_and_in_a_stable_order(tmp_path: Path) -> None:
    for name in ("b.md", "a.md", "sub/deep/c.md"):
        write(tmp_path / name)
    assert names(tmp_path) == ["a.md", "b.md", "sub/deep/c.md"]
    assert names(tmp_path / "sub/deep/c.md") == ["c.md"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    for name in (".hidden", ".git/config", "sub/.cache/x.md", "seen.md"):
        write(tmp_path / name)
    assert names(tmp_path) == ["seen.md"]


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"There is no file or folder .*nowhere; check the path"):
        names(tmp_path / "nowhere")


def test_a_file_beyond_the_limit_is_found_but_not_taken(tmp_path: Path) -> None:
    write(tmp_path / "large.txt", "x" * (3 << 20))
    (found,) = find_files([tmp_path], max_file_mb=1)
    assert isinstance(found, Unreadable)
    assert found.reason == "The file has 3 MiB and the limit is 1 MiB; split it or raise limits.file_mb."


def test_a_link_that_leads_nowhere_is_an_outcome_and_the_rest_is_found(tmp_path: Path) -> None:
    (tmp_path / "broken.md").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "good.md")
    broken, good = find_files([tmp_path], max_file_mb=1)
    assert isinstance(broken, Unreadable)
    assert "cannot be read (No such file or directory)" in broken.reason
    assert not isinstance(good, Unreadable)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_an_outcome(tmp_path: Path) -> None:
    write(tmp_path / "secret.md").chmod(0)
    (found,) = find_files([tmp_path], max_file_mb=1)
    assert isinstance(found, Unreadable)
    assert "Permission denied" in found.reason


def test_a_pipe_does_not_hang_the_ingest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (found,) = find_files([tmp_path], max_file_mb=1)
    assert isinstance(found, Unreadable)
    assert "no regular file" in found.reason
