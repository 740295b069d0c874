"""The file: what goes in comes out, and what was altered, cut off or locked with another word does not."""

import gzip
import io
import json
import random
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.backup import archive, encryption
from app.backup.check import check
from app.domain.backups import About, Holdings, Manifest
from app.errors import Rejected

COST = dict(encryption.COST)
PASSPHRASE = "rye needs a cold winter"
ABOUT = About("backup", archive.FORMAT, "1.0", "0001", datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
HOLDINGS = Holdings(1, 2, 3, ("model",))


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its real cost every passphrase takes half a second."""
    monkeypatch.setattr(encryption, "COST", {"n": 1 << 4, "r": 8, "p": 1})


def write(file: Path, inside: dict[str, bytes], passphrase: str | None = None, **changed: Any) -> Path:
    with file.open("wb") as target, archive.open_writer(target, passphrase) as writer:
        writer.add_bytes(archive.ABOUT, archive.write_json(ABOUT))
        for name, content in inside.items():
            writer.add_bytes(name, content)
        facts: dict[str, Any] = {"about": ABOUT, "members": dict(writer.members), "missing": (), "holdings": HOLDINGS}
        writer.add_bytes(archive.MANIFEST, archive.write_json(Manifest(**facts | {"seal_check": "s"} | changed)))
    return file


def read(file: Path, passphrase: str | None = None) -> dict[str, bytes]:
    with archive.open_reader(file, passphrase) as members:
        return {name: content.read() for name, _size, content in members}


@pytest.fixture(params=[None, PASSPHRASE])
def passphrase(request: pytest.FixtureRequest) -> str | None:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def members() -> dict[str, bytes]:
    return {"keys/sources": b"key", "chat/t-1/e-1": b"a passage", archive.DATABASE: random.Random(1).randbytes(70_000)}


@settings(max_examples=25)
@given(
    contents=st.lists(st.binary(max_size=300), max_size=5),
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    locked=st.booleans(),
)
def test_members_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], lengths: list[int], locked: bool
) -> None:
    file = tmp_path_factory.mktemp("format") / "b"
    # Around the ends of blocks and pieces, where streams go wrong.
    big = [random.Random(n).randbytes(n * encryption.BLOCK_BYTES // 2 + n - 2 if n else 0) for n in lengths]
    given_members = {f"chat/a/{n}": content for n, content in enumerate([*contents, *big])} | {
        archive.DATABASE: b"rows"
    }
    word = PASSPHRASE if locked else None
    write(file, given_members, word)
    came_out = read(file, word)
    assert {name: came_out[name] for name in given_members} == given_members
    assert check(file, word).manifest.holdings == HOLDINGS


@settings(max_examples=40)
@given(content=st.binary(max_size=200), pieces=st.lists(st.integers(0, 40), max_size=8), size=st.integers(1, 48))
def test_blocks_hold_any_stream_however_it_is_written(content: bytes, pieces: list[int], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encryption, "COST", {"n": 1 << 4, "r": 8, "p": 1})
        patch.setattr(encryption, "BLOCK_BYTES", size)
        target = io.BytesIO()
        writer, rest = encryption.EncryptingWriter(target, PASSPHRASE), content
        for piece in pieces:
            writer.write(rest[:piece])
            rest = rest[piece:]
        writer.write(rest)
        writer.finish()
        sealed = target.getvalue()
        assert len(content) < 8 or content not in sealed
        source = io.BytesIO(sealed[len(encryption.MAGIC) :])
        assert encryption.DecryptingReader(source, PASSPHRASE).read() == content
        for cut in range(len(encryption.MAGIC), len(sealed)):
            with pytest.raises(Rejected):
                encryption.DecryptingReader(io.BytesIO(sealed[len(encryption.MAGIC) : cut]), PASSPHRASE).read()


def test_blocks_cannot_change_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "BLOCK_BYTES", 16)
    target = io.BytesIO()
    writer = encryption.EncryptingWriter(target, PASSPHRASE)
    writer.write(bytes(range(64)))
    writer.finish()
    sealed, block = target.getvalue()[len(encryption.MAGIC) :], 16 + encryption.TAG_BYTES
    head = len(sealed) - 4 * block
    blocks = [sealed[at : at + block] for at in range(head, len(sealed), block)]
    swapped = sealed[:head] + b"".join([blocks[1], blocks[0], *blocks[2:]])
    with pytest.raises(Rejected, match="block 1"):
        encryption.DecryptingReader(io.BytesIO(swapped), PASSPHRASE).read()
    with pytest.raises(Rejected, match="block 2"):
        encryption.DecryptingReader(io.BytesIO(sealed[:head] + blocks[0] + blocks[3]), PASSPHRASE).read()


def test_any_byte_that_is_changed_is_noticed(tmp_path: Path, passphrase: str | None, members: dict[str, bytes]) -> None:
    file = write(tmp_path / "b", members, passphrase)
    whole = file.read_bytes()
    unnoticed = []
    for at in range(0, len(whole), 997):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            found = check(file, passphrase)
        except Rejected:
            continue
        # gzip has a few bytes that say nothing about the content (its time and its system).
        unnoticed.append(at)
        assert not passphrase
        assert found.manifest.members
    assert len(unnoticed) <= 1


def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(
    tmp_path: Path, passphrase: str | None, members: dict[str, bytes]
) -> None:
    file = write(tmp_path / "b", members, passphrase)
    whole = file.read_bytes()
    for length in (*range(0, len(whole), 1999), len(whole) - 1, len(whole) - 9):
        file.write_bytes(whole[:length])
        with pytest.raises(Rejected):
            check(file, passphrase)


def test_a_wrong_passphrase_says_so_and_none_asks_for_one(tmp_path: Path, members: dict[str, bytes]) -> None:
    file = write(tmp_path / "b", members, PASSPHRASE)
    with pytest.raises(Rejected, match="passphrase is wrong"):
        check(file, "barley")
    with pytest.raises(Rejected, match="encrypted; give its passphrase"):
        check(file, None)


def test_a_header_that_asks_for_much_memory_is_refused_before_any_is_taken(tmp_path: Path) -> None:
    file = write(tmp_path / "b", {archive.DATABASE: b""}, PASSPHRASE)
    file.write_bytes(file.read_bytes().replace(b'"n": 16', b'"n": 1073741824', 1))
    with pytest.raises(Rejected, match="altered or is damaged"):
        check(file, PASSPHRASE)


def test_the_cost_of_a_guess_is_what_the_documentation_says() -> None:
    said = (Path(__file__).parents[3] / "docs" / "backup.md").read_text()
    assert f"n = {COST['n']}, r = {COST['r']}, p = {COST['p']}" in said


def test_nothing_of_an_encrypted_backup_can_be_read_in_the_file(tmp_path: Path) -> None:
    text = b"Rye needs a cold winter. " * 50
    file = write(tmp_path / "b", {archive.DATABASE: text}, PASSPHRASE)
    content = file.read_bytes()
    assert b"Rye" not in content
    assert b"database" not in content
    assert gzip.decompress(write(tmp_path / "plain", {archive.DATABASE: text}).read_bytes()).count(b"Rye") == 50


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"SQLite format 3\0"):
        (tmp_path / "b").write_bytes(content)
        with pytest.raises(Rejected, match="no backup of Cloister"):
            check(tmp_path / "b", None)


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "keys/../../x", "files/short", "chat/a/../b", "index/x"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "b", {name: b"x", archive.DATABASE: b""})
    with pytest.raises(Rejected, match="does not write there"):
        check(file, None)


def test_links_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "b"
    with tarfile.open(file, "w:gz") as tar:
        entry = tarfile.TarInfo("keys/sources")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    with pytest.raises(Rejected, match="does not write there"):
        check(file, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"members": {}},
        {"members": {archive.DATABASE: (4, "0" * 64)}},
        {"about": About("another", 1, "1.0", "0001", datetime(2026, 1, 2, 3, 4, tzinfo=UTC))},
    ],
)
def test_a_manifest_that_says_something_else_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    file = write(tmp_path / "b", {archive.DATABASE: b"rows"}, **changed)
    with pytest.raises(Rejected, match="altered, damaged or cut off"):
        check(file, None)


def test_an_original_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "b", {f"files/{'0' * 64}": b"rye", archive.DATABASE: b"rows"})
    with pytest.raises(Rejected, match="not what its name says"):
        check(file, None)


def test_a_later_format_is_refused_by_its_first_member(tmp_path: Path) -> None:
    file = tmp_path / "b"
    later = json.loads(archive.write_json(ABOUT)) | {"format": archive.FORMAT + 1, "product": "9.0", "more": True}
    with file.open("wb") as target, archive.open_writer(target, None) as writer:
        writer.add_bytes(archive.ABOUT, json.dumps(later).encode())
        writer.add_bytes("keys/sources", b"key")
    with pytest.raises(Rejected, match=r"made by Cloister 9\.0 in a later format"):
        check(file, None)
