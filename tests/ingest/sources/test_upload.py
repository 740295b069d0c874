"""Names of uploaded files are words of strangers: nothing but a plain file name gets through."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.files import FileStore
from app.domain import Attachment, FoundFile
from ingest.sources.upload import store_attachment, store_upload, tell_apart


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> FileStore:
    return FileStore(tmp_path_factory.mktemp("files"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\x00b\n\x1b[31mc.md", "ab[31mc.md"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ("..", "unnamed"),
        ("../..", "unnamed"),
        (".", "unnamed"),
        ("", "unnamed"),
        ("  \t ", "unnamed"),
        ("Ümläut 报告.docx", "Ümläut 报告.docx"),
    ],
)
def test_only_a_plain_file_name_is_kept(name: str, kept: str, files: FileStore) -> None:
    found = store_upload(name, io.BytesIO(b"text"), files=files)
    assert (found.name, found.location) == (kept, f"upload:{kept}")


STRANGE_NAMES = st.text(alphabet="./\\a b!:C\x00\n\u202e", max_size=30)


@given(name=STRANGE_NAMES)
def test_no_upload_name_holds_a_separator_or_a_control_character(name: str, files: FileStore) -> None:
    kept = store_upload(name, io.BytesIO(b"text"), files=files).name
    assert kept.isprintable()
    assert not {"/", "\\"} & set(kept)
    assert kept not in ("", ".", "..")


def attached(name: str, files: FileStore) -> FoundFile:
    return store_attachment(Attachment(name, Path(__file__)), parent_location="upload:a.zip", files=files)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("docs/b.txt", "docs/b.txt"),
        ("docs\\deep\\b.txt", "docs/deep/b.txt"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\b.txt", "Users/me/b.txt"),
        ("a/./../b//c.txt", "a/b/c.txt"),
        ("docs/..", "docs/unnamed"),
        ("inner.zip!/b.txt", "inner.zip/b.txt"),
        ("a\n/b\x00.txt", "a/b.txt"),
        ("", "unnamed"),
    ],
)
def test_a_file_in_an_archive_keeps_its_folders(name: str, kept: str, files: FileStore) -> None:
    found = attached(name, files)
    assert (found.name, found.location) == (kept, f"upload:a.zip!/{kept}")


@given(name=STRANGE_NAMES)
def test_no_inner_name_leads_anywhere_else(name: str, files: FileStore) -> None:
    kept = attached(name, files).name
    assert kept.isprintable()
    assert "\\" not in kept
    assert not {"", ".", ".."} & set(kept.split("/"))
    assert "!/" not in kept
    assert attached(kept, files).name == kept


@given(names=st.lists(STRANGE_NAMES, max_size=6))
def test_attachments_of_one_container_have_places_of_their_own(names: list[str], files: FileStore) -> None:
    apart = tell_apart([Attachment(name, Path(__file__)) for name in names])
    assert len({attached(one.name, files).location for one in apart}) == len(names)


def test_names_that_came_up_before_are_numbered() -> None:
    names = ["x/a.txt", "x/a.txt", "x/a (2).txt", "a.txt", "n" * 300 + ".pdf", "n" * 300 + ".pdf"]
    apart = [one.name for one in tell_apart([Attachment(name, Path()) for name in names])]
    assert apart[:4] == ["x/a.txt", "x/a (2).txt", "x/a (2) (2).txt", "a.txt"]
    assert apart[5].endswith(" (2).pdf")
    assert len(apart[5]) <= 200


def test_very_deep_folders_lose_the_outermost(files: FileStore) -> None:
    kept = attached("/".join(["folder"] * 200) + "/a.txt", files).name
    assert kept.endswith("folder/a.txt")
    assert len(kept) < 320


def test_a_very_long_name_keeps_its_suffix(files: FileStore) -> None:
    kept = store_upload("x" * 500 + ".pdf", io.BytesIO(b"text"), files=files).name
    assert len(kept) == 200
    assert kept.endswith(".pdf")


def test_the_bytes_are_stored_under_their_hash(files: FileStore) -> None:
    found = store_upload("../x", io.BytesIO(b"bytes"), files=files)
    stored: Path = files.path(found.content_hash)
    assert stored.read_bytes() == b"bytes"
    assert found.size_bytes == 5
