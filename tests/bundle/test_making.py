"""What is put into a bundle, for which machines, and how the archive is written."""

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.tags import parse_tag

from bundle import wheels as wheels_module
from bundle.archive import FOLDERS, write_archive, write_checksums
from bundle.target import oldest_glibc
from bundle.wheels import BundleError, build_own_wheel, copy_tracked, hashed_requirements, list_tracked, run_pip
from tests.bundle.small_wheels import write_small_cloister

EPOCH = 1767225600
HERE = (2, 36)


@pytest.fixture(scope="module")
def own_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_own_wheel(tmp_path_factory.mktemp("own"), epoch=EPOCH).path


def test_cloisters_own_wheel_holds_pages_words_migrations_and_the_rest(own_wheel: Path) -> None:
    with zipfile.ZipFile(own_wheel) as archive:
        names = set(archive.namelist())
    assert set(list_tracked("app", "ingest")) <= names
    assert {
        "app/db/migrations/script.py.mako",
        "app/web/admin/templates/base.html",
        "app/web/admin/words/de/shell.po",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/", "bundle/"))]


def test_a_file_that_the_wheel_forgets_stops_the_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracked = list_tracked("app", "ingest")
    monkeypatch.setattr(wheels_module, "list_tracked", lambda *paths: [*tracked, "app/forgotten.wasm"])
    monkeypatch.setattr(wheels_module, "copy_tracked", lambda into, *paths: copy_few(into))
    with pytest.raises(BundleError, match=r"app/forgotten\.wasm.*package-data"):
        build_own_wheel(tmp_path, epoch=EPOCH)


def copy_few(into: Path) -> None:
    """What setuptools needs to build a wheel with next to nothing in it."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "app/__init__.py"):
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((wheels_module.PROJECT / name).read_bytes())


def test_settings_prompts_and_samples_are_copied(tmp_path: Path) -> None:
    copy_tracked(tmp_path, *FOLDERS)
    for name in (
        "configs/default.yaml",
        "configs/airgap.yaml",
        "configs/prompts/tools.md",
        "sample_docs/wiki/index.html",
    ):
        assert (tmp_path / name).read_bytes() == (wheels_module.PROJECT / name).read_bytes()


def test_a_package_that_no_index_has_is_told_in_pips_words(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not-there-at-all"):
        run_pip("wheel", "--no-index", "not-there-at-all==1.0", into=tmp_path, epoch=EPOCH)


def test_the_requirements_name_exactly_the_files_that_are_there(tmp_path: Path) -> None:
    wheel = write_small_cloister(tmp_path)
    assert hashed_requirements([wheel]) == f"cloister==1.0 --hash=sha256:{wheel.sha256}\n"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([], (0, 0)),
        (["py3-none-any"], (0, 0)),
        (["py3-none-any", "cp311-cp311-manylinux_2_34_x86_64"], (2, 34)),
        (["cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp311-cp311-manylinux_2_28_x86_64"], (2, 28)),
        (["cp311-cp311-manylinux_2_17_x86_64.manylinux_2_28_x86_64"], (2, 17)),
        (["cp37-abi3-manylinux2010_x86_64"], (2, 12)),
        (["cp311-cp311-linux_x86_64"], HERE),
    ],
)
def test_the_newest_of_the_wheels_says_which_glibc_is_needed(tags: list[str], expected: tuple[int, int]) -> None:
    assert oldest_glibc(map(parse_tag, tags), here=HERE) == expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    (made / "deep").mkdir(parents=True)
    (made / "deep" / "b.txt").write_text("b")
    (made / "a run.sh").write_text("a")
    (made / "a run.sh").chmod(0o700)
    write_checksums(made)
    return made


def test_the_checksums_name_every_file_and_can_be_checked(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == ["a run.sh", "deep/b.txt"]
    assert subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder).returncode == 0


def test_the_same_folder_gives_the_same_archive(folder: Path, tmp_path: Path) -> None:
    first = write_archive(folder, "some", tmp_path, epoch=EPOCH)
    (folder / "deep" / "b.txt").touch()
    second = write_archive(folder, "some", tmp_path, epoch=EPOCH)
    assert first == second
    assert subprocess.run(["sha256sum", "--check", "some.tar.sha256"], cwd=tmp_path).returncode == 0
    with tarfile.open(first.path) as tar:
        found = {each.name: (each.mode, each.uid, each.mtime) for each in tar if each.isfile()}
    assert found["some/a run.sh"] == (0o755, 0, EPOCH)
    assert found["some/deep/b.txt"] == (0o644, 0, EPOCH)


def test_an_archive_stands_until_the_new_one_is_whole(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_archive(folder, "some", tmp_path, epoch=EPOCH)

    def fill_the_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(tarfile.TarFile, "add", fill_the_disk)
    with pytest.raises(OSError, match="no space left"):
        write_archive(folder, "some", tmp_path, epoch=EPOCH)
    assert wheels_module.digest(tmp_path / "some.tar") == old.sha256
