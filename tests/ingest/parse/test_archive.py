"""ZIP archives: what lies in them becomes documents; what they may do to the machine is limited."""

import io
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import UnreadableDocument
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions
from tests.ingest.parse.conftest import NO_OCR, Parse, options
from tests.ingest.parse.packages import zipped


def at_depth(depth: int, **limits: int) -> ParseOptions:
    return replace(options(**limits), depth=depth)


def test_the_text_lists_the_files_and_each_is_an_attachment_with_its_folder(parsed: Parse) -> None:
    document = parsed("plans.zip", zipped({"docs/b.txt": "hello", "c.md": "# C"}))
    assert document.text == "# plans.zip\n\n- docs/b.txt\n- c.md"
    assert document.media_type == "application/zip"
    assert [(one.name, one.path.read_bytes()) for one in document.attachments] == [
        ("docs/b.txt", b"hello"),
        ("c.md", b"# C"),
    ]


def test_hidden_files_and_what_systems_add_are_left_out(parsed: Parse) -> None:
    junk = {"__MACOSX/._a.txt": "x", ".DS_Store": "x", "a/.git/config": "x", "a/Thumbs.db": "x", "empty/": ""}
    assert [one.name for one in parsed("a.zip", zipped({**junk, "a.txt": "hi"})).attachments] == ["a.txt"]


def test_paths_cannot_lead_out_and_links_are_left_out(parsed: Parse) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name in ("../../etc/passwd", "/root/x.txt", "a\\..\\b.txt"):
            package.writestr(name, "x")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "/etc/passwd")
    names = [one.name for one in parsed("a.zip", stream.getvalue()).attachments]
    assert names == ["etc/passwd", "root/x.txt", "a/b.txt"]


def test_names_that_a_mac_wrote_in_utf8_are_read_as_such(parsed: Parse) -> None:
    content = zipped({"Gruesse.txt": "x"}).replace(b"Gruesse", "Grüße".encode().ljust(7, b"_"))
    assert [one.name for one in parsed("a.zip", content).attachments] == ["Grüße.txt"]


def test_a_bomb_is_refused_by_what_it_really_unpacks_to(parsed: Parse) -> None:
    bomb = zipped({f"{number}.txt": b"0" * (2 << 20) for number in range(3)})
    with pytest.raises(UnreadableDocument, match=r"unpacks to more than 4 MiB.*raise limits\.unpacked_mb"):
        parsed("a.zip", bomb, options(unpacked_mb=4, unpacked_ratio=100_000))
    with pytest.raises(UnreadableDocument, match=r"more than 100 times its size.*raise limits\.unpacked_ratio"):
        parsed("a.zip", bomb)


def test_an_archive_inside_counts_with_what_it_unpacks_to(parsed: Parse) -> None:
    inner = zipped({"zeros.txt": b"0" * (3 << 20)})
    with pytest.raises(UnreadableDocument, match=r"raise limits\.unpacked_mb"):
        parsed(
            "a.zip", zipped({"inner.zip": inner, "other.zip": inner}), options(unpacked_mb=5, unpacked_ratio=100_000)
        )


def test_a_stated_size_is_not_believed(parsed: Parse) -> None:
    content = bytearray(zipped({"a.txt": b"0" * (3 << 20), "b.txt": b"fine"}))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    document = parsed("a.zip", bytes(content))
    assert [one.name for one in document.attachments] == ["b.txt"]
    assert document.warnings == ("Left out, damaged: a.txt.",)


def test_too_many_files_and_too_deep_archives_name_the_setting(parsed: Parse) -> None:
    content = zipped({"a.txt": "x", "b.txt": "y"})
    with pytest.raises(UnreadableDocument, match=r"holds 2 files, more than the limit of 1; .*limits\.archive_files"):
        parsed("a.zip", content, options(archive_files=1))
    assert parsed("a.zip", content, at_depth(1, archive_depth=1)).attachments
    with pytest.raises(UnreadableDocument, match=r"more than the limit of 1; .*raise limits\.archive_depth"):
        parsed("a.zip", content, at_depth(2, archive_depth=1))


def test_files_with_a_password_are_reported_and_the_others_read(parsed: Parse) -> None:
    content = bytearray(zipped({"a.txt": "secret", "b.txt": "open"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    document = parsed("a.zip", bytes(content))
    assert document.warnings == ("Left out, protected with a password: a.txt.",)
    assert [one.name for one in document.attachments] == ["b.txt"]


def test_an_archive_of_nothing_but_locked_files_says_so(parsed: Parse) -> None:
    content = bytearray(zipped({"a.txt": "secret"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableDocument, match="protected with a password; unpack it and add the files"):
        parsed("a.zip", bytes(content))


def test_an_empty_archive_holds_no_text(parsed: Parse) -> None:
    with pytest.raises(UnreadableDocument, match="holds no text"):
        parsed("a.zip", zipped({}))


def test_what_was_unpacked_can_be_parsed(parsed: Parse) -> None:
    inner = zipped({"notes.md": "# Notes"})
    (archive,) = parsed("a.zip", zipped({"x/inner.zip": inner})).attachments
    (notes,) = parse(archive.path, archive.name, NO_OCR).attachments
    assert parse(notes.path, notes.name, NO_OCR).title == "Notes"


def test_trouble_with_the_workspace_is_not_taken_for_a_damaged_archive(parsed: Parse, tmp_path: Path) -> None:
    nowhere = replace(NO_OCR, workspace=tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        parsed("a.zip", zipped({"a.txt": "x"}), nowhere)
