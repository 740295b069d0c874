"""One job with every kind of bad file: each fails with its own sentence, the good ones go in, nothing else stays."""

from pathlib import Path

import pytest
from PIL import Image

from app.domain import ItemStatus, JobItem
from app.services import Services
from tests.ingest.stock import Stock, take_stock
from tests.pdf_files import build_pdf
from tests.taking_in import take_in

WHAT_TO_DO = {
    "empty.csv": "empty.csv is empty; check the original and add it again.",
    "named.pdf": "named.pdf is named .pdf but holds a PNG image; rename it or add the file that was meant.",
    "program.bin": "program.bin is of an unknown type; Cloister reads PDF",
    "broken.pdf": "open it in a viewer, save it again and add that",
    "locked.pdf": "password",
    "blank.md": "blank.md is empty; check the original and add it again.",
    "endless.txt": "split it or raise limits.file_mb",
    "broken.docx": "add an intact copy",
    "old.doc": "save it as .docx",
}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """The good between the bad."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a-good.md", "z-good.md"):
        (folder / name).write_text(f"# {name}\n\nApples ripen in autumn.")
    (folder / "empty.csv").touch()
    (folder / "blank.md").write_text(" \n\n\t\n")
    (folder / "program.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "broken.docx").write_bytes(b"PK\x03\x04" + b"\x00" * 100)
    (folder / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"nothing that a PDF holds " * 20)
    with (folder / "endless.txt").open("wb") as file:
        file.truncate((200 << 20) + 1)
    Image.new("RGB", (60, 60)).save(folder / "named.png")
    (folder / "named.png").rename(folder / "named.pdf")
    (folder / "locked.pdf").write_bytes(build_pdf("Behind a lock.", password="open sesame"))
    return folder


@pytest.fixture
def outcomes(services: Services, docs: Path) -> dict[str, JobItem]:
    return take_in(services, docs)


def test_each_bad_file_says_what_to_do_in_its_own_words(outcomes: dict[str, JobItem]) -> None:
    failed = {name: item.error or "" for name, item in outcomes.items() if item.status is ItemStatus.FAILED}
    assert failed.keys() == WHAT_TO_DO.keys()
    assert {name: sentence for name, sentence in failed.items() if WHAT_TO_DO[name] not in sentence} == {}
    assert not any("internal error" in sentence for sentence in failed.values())
    assert len({sentence.replace(name, "") for name, sentence in failed.items()}) == len(failed) - 1  # two are empty


def test_the_good_files_of_the_batch_are_in_and_the_bad_leave_nothing(
    outcomes: dict[str, JobItem], services: Services
) -> None:
    assert {name for name, item in outcomes.items() if item.status is ItemStatus.INDEXED} == {"a-good.md", "z-good.md"}
    assert take_stock(services) == Stock(documents=2, versions=2, chunks=2, points=2, files=2)


def test_a_bad_file_under_two_names_fails_twice_in_the_same_words(services: Services, docs: Path) -> None:
    (docs / "broken-copy.pdf").write_bytes((docs / "broken.pdf").read_bytes())
    outcomes = take_in(services, docs / "broken.pdf", docs / "broken-copy.pdf")
    first, second = (outcomes[name].error or "" for name in ("broken.pdf", "broken-copy.pdf"))
    assert first.replace("broken.pdf", "") == second.replace("broken-copy.pdf", "")
    assert take_stock(services).files == 0
