"""Names of uploaded files are words of strangers: nothing but a plain file name gets through."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.files import FileStore
from app.domain import Attachment
from ingest.sources.upload import store_attachment, store_upload


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


@given(name=st.text(alphabet="./\\a b\x00\n\u202e", max_size=30))
def test_no_name_holds_a_separator_or_a_control_character(name: str, files: FileStore) -> None:
    kept = store_attachment(Attachment(name, Path(__file__)), parent_location="/mail.eml", files=files).name
    assert kept.isprintable()
    assert not {"/", "\\"} & set(kept)
    assert kept not in ("", ".", "..")


def test_a_very_long_name_keeps_its_suffix(files: FileStore) -> None:
    kept = store_upload("x" * 500 + ".pdf", io.BytesIO(b"text"), files=files).name
    assert len(kept) == 200
    assert kept.endswith(".pdf")


def test_the_bytes_are_stored_under_their_hash(files: FileStore) -> None:
    found = store_upload("../x", io.BytesIO(b"bytes"), files=files)
    stored: Path = files.path(found.content_hash)
    assert stored.read_bytes() == b"bytes"
    assert found.size_bytes == 5
