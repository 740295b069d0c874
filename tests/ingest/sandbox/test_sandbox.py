"""Real children, and one kind of them that hangs, crashes and lies (unruly_child.py)."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from app.domain import ParsedDocument, Rect
from app.egress.attempts import ATTEMPTS, Attempt
from app.errors import Cancelled, EngineUnavailable, UnreadableDocument
from app.settings import PROJECT_DIR, load_settings
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions
from ingest.sandbox import Sandbox
from ingest.sandbox.child_process import MOST_SERVED
from tests.ingest.sandbox.unruly_child import SECRET

SAMPLES = PROJECT_DIR / "sample_docs"
UNRULY = "tests.ingest.sandbox.unruly_child"
MEMORY_MB = 700

Read = Callable[..., ParsedDocument]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workspaces"


@pytest.fixture
def sandbox(tmp_path: Path, folder: Path) -> Iterator[Sandbox]:
    """The real one."""
    opened = Sandbox(load_settings({"data_dir": tmp_path}), processes=2, folder=folder)
    yield opened
    opened.close()


@pytest.fixture
def unruly(tmp_path: Path, folder: Path) -> Iterator[Sandbox]:
    """One child, which does what files say."""
    settings = load_settings(
        {
            "data_dir": tmp_path,
            "limits": {"seconds": 60, "memory_mb": MEMORY_MB},
            "parse": {"pdf": {"passwords": ["sesame"]}},
        }
    )
    opened = Sandbox(settings, processes=1, folder=folder, child=UNRULY)
    yield opened
    opened.close()


def read(sandbox: Sandbox, path: Path, **differently: Any) -> ParsedDocument:
    asked = {"depth": 0, "password": None, "report": lambda *_: None, "is_cancelled": lambda: False, **differently}
    with sandbox.parse(path, path.name, **asked) as parsed:
        return parsed


@pytest.fixture
def tell(unruly: Sandbox, tmp_path: Path) -> Read:
    """Have the child read a file that tells it what to do."""

    def tell_it(words: str, **differently: Any) -> ParsedDocument:
        path = tmp_path / f"{words.split()[0]}.md"
        path.write_text(words)
        return read(unruly, path, **differently)

    return tell_it


def wait_for(happened: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def children(folder: Path) -> set[int]:
    """The children of the sandbox with its workspaces in this folder."""
    found = set()
    for each in psutil.Process().children():
        with suppress(psutil.Error):
            if Path(each.cwd()).is_relative_to(folder):
                found.add(each.pid)
    return found


# --- what comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("employee-handbook.pdf", "price-list.xlsx", "product-manual.docx", "reiserichtlinie.md"),
        *("sales-2025.csv", "scanned-notice.pdf", "supplier-email.eml"),
    ],
)
def test_a_document_is_the_same_as_when_it_is_parsed_without_a_sandbox(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    options = ParseOptions.of(load_settings({"data_dir": tmp_path}), workspace=tmp_path)
    expected = parse(SAMPLES / name, name, options)

    with sandbox.parse(
        SAMPLES / name, name, depth=0, password=None, report=lambda *_: None, is_cancelled=lambda: False
    ) as parsed:
        assert _without_paths(parsed) == _without_paths(expected)
        assert [each.path.read_bytes() for each in parsed.attachments] == [
            each.path.read_bytes() for each in expected.attachments
        ]
        assert (parsed.tables_file is None) == (expected.tables_file is None)
        left = [each.path for each in parsed.attachments] + [each for each in [parsed.tables_file] if each]
        assert all(path.exists() for path in left)
    assert not any(path.exists() for path in left)


def _without_paths(parsed: ParsedDocument) -> ParsedDocument:
    attachments = tuple(replace(each, path=Path()) for each in parsed.attachments)
    return replace(parsed, attachments=attachments, tables_file=None)


def test_an_unreadable_file_says_so_in_the_words_of_its_parser(sandbox: Sandbox, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"nothing that a PDF holds " * 20)
    with pytest.raises(UnreadableDocument, match=r"broken.pdf is a broken PDF; open it in a viewer"):
        read(sandbox, broken)


def test_progress_arrives_page_by_page(sandbox: Sandbox) -> None:
    seen: list[tuple[int, int]] = []
    parsed = read(sandbox, SAMPLES / "employee-handbook.pdf", report=lambda *at: seen.append(at))
    assert len(seen) >= len(parsed.pages) > 1
    assert {total for _, total in seen} == {len(parsed.pages)}


def test_two_documents_are_read_at_once(sandbox: Sandbox) -> None:
    both = threading.Barrier(2, timeout=60)
    with ThreadPoolExecutor(2) as threads:
        met = [
            threads.submit(read, sandbox, SAMPLES / "employee-handbook.pdf", report=_once(both.wait)) for _ in range(2)
        ]
        assert [len(each.result().text) > 1000 for each in met] == [True, True]


def _once(act: Callable[[], object]) -> Callable[[int, int], None]:
    """A report that acts at the first page only."""
    left = [act]
    return lambda *_: left.pop()() and None if left else None


def test_the_password_and_the_depth_of_a_document_reach_its_parser(tell: Read) -> None:
    around = json.loads(tell("look-around", password="first", depth=2).text)
    assert around["passwords"] == ["first", "sesame"]
    assert around["depth"] == 2


def test_a_page_is_drawn_while_every_parser_is_busy(unruly: Sandbox, tell: Read, tmp_path: Path) -> None:
    note, is_over = tmp_path / "note", threading.Event()
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(tell, f"wait {note}", is_cancelled=is_over.is_set)
        wait_for(note.exists)
        picture = unruly.render_page(
            SAMPLES / "employee-handbook.pdf", 1, passwords=(), width_px=300, highlights=[Rect(72, 72, 200, 90)]
        )
        assert not long.done()
        is_over.set()
        with pytest.raises(Cancelled):
            long.result()
    assert Image.open(io.BytesIO(picture)).width == 300


def test_a_page_that_cannot_be_drawn_says_so(sandbox: Sandbox) -> None:
    with pytest.raises(UnreadableDocument):
        sandbox.render_page(SAMPLES / "reiserichtlinie.md", 1, passwords=(), width_px=300, highlights=[])


# --- what a child may know -------------------------------------------------------------------------


def test_a_child_has_no_secrets_no_files_and_no_priority(
    tell: Read, monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLOISTER_SERVER__SECRET", "s" * 40)
    monkeypatch.setenv("OPENAI_API_KEY", "k" * 40)
    secret = (tmp_path / "keys").open("w")
    os.set_inheritable(secret.fileno(), True)

    around = json.loads(tell("look-around").text)

    assert not [name for name in around["environment"] if name.startswith(("CLOISTER_", "OPENAI_"))]
    assert {"HF_HUB_OFFLINE", "PATH"} <= around["environment"].keys()
    assert [file for file in around["files"] if str(tmp_path / "keys") == file] == []
    assert around["niceness"] >= min(os.nice(0) + 10, 19)
    assert around["group"] == around["pid"]
    assert around["core"] == 0
    assert Path(around["folder"]).is_relative_to(folder)
    assert around["first on the path"] == str(PROJECT_DIR)
    secret.close()


def test_what_a_parser_prints_or_raises_is_not_passed_on(
    tell: Read, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert tell("print").text
    with pytest.raises(UnreadableDocument, match="KeyError") as failed:
        tell("raise")
    printed = capfd.readouterr()
    assert SECRET not in f"{printed.out} {printed.err} {caplog.text} {failed.value} {failed.value.__cause__}"


# --- what it may not do ----------------------------------------------------------------------------


def test_a_document_that_hangs_is_stopped_within_the_limit_and_the_next_is_read(tmp_path: Path, folder: Path) -> None:
    hanging, good = tmp_path / "hang.md", tmp_path / "good.md"
    hanging.write_text("hang")
    good.write_text("good")
    settings = load_settings({"data_dir": tmp_path, "limits": {"seconds": 2}})
    sandbox = Sandbox(settings, processes=1, folder=folder, child=UNRULY)
    read(sandbox, good)
    started = time.monotonic()
    with pytest.raises(UnreadableDocument, match=r"hang.md took longer than 2 seconds to read and was stopped; split"):
        read(sandbox, hanging)
    assert 2 <= time.monotonic() - started < 4
    assert read(sandbox, good).text
    sandbox.close()


def test_a_document_that_eats_memory_is_stopped_before_it_has_much_more_than_the_limit(tell: Read) -> None:
    with pytest.raises(UnreadableDocument, match=r"eat.md needed more than 700 MiB .* raise limits.memory_mb"):
        tell("eat")
    with pytest.raises(UnreadableDocument, match=r"eat-at-once.md needed more than 700 MiB"):
        tell("eat-at-once")
    assert tell("next").text


def test_the_memory_of_the_programs_that_a_parser_starts_counts_too(tell: Read) -> None:
    with pytest.raises(UnreadableDocument, match="needed more than 700 MiB"):
        tell("let-eat")


def test_what_an_earlier_document_left_behind_is_not_counted_for_a_later_one(tell: Read) -> None:
    for _ in range(3):
        tell("keep 300")  # three times 300 MiB in one child would be too much


@pytest.mark.parametrize(("words", "how"), [("crash", "signal 11"), ("leave", "exit status 7")])
def test_a_crash_fails_its_document_only(tell: Read, words: str, how: str) -> None:
    for first in ("crash in a new child", "crash in one that worked before"):
        with pytest.raises(UnreadableDocument, match=f"crashed the program that read it .{how}.* save it again"):
            tell(words)
        assert tell(f"good, after a {first}").text


def test_a_document_that_meets_the_leftovers_of_another_is_read_in_a_new_child(tell: Read, tmp_path: Path) -> None:
    tell("first")
    assert tell(f"crash-when-used {tmp_path / 'crashed'}").text
    assert (tmp_path / "crashed").exists()


def test_a_child_killed_in_the_middle_fails_one_document_and_takes_its_helpers_along(
    tell: Read, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(tell, f"wait {note}")
        wait_for(note.exists)
        child, helper = map(int, note.read_text().split())
        os.kill(child, signal.SIGKILL)
        with pytest.raises(UnreadableDocument, match="signal 9"):
            waiting.result()
    assert not is_alive(child)
    wait_for(lambda: not is_alive(helper))
    assert tell("next").text


def test_nothing_outlives_a_service_that_is_killed(tmp_path: Path, folder: Path) -> None:
    """Not the child, though native code holds its interpreter; not what it started; not what it had unpacked."""
    note = tmp_path / "note"
    (tmp_path / "wait.md").write_text(f"wait {note}")
    service = subprocess.Popen(
        [sys.executable, "-m", "tests.ingest.sandbox.doomed_service", str(folder), str(tmp_path / "wait.md")],
        cwd=PROJECT_DIR,
    )
    wait_for(note.exists)
    pids = list(map(int, note.read_text().split()))
    assert all(map(is_alive, pids))
    assert list(folder.glob("*/*/kept"))

    service.kill()
    service.wait()

    wait_for(lambda: not any(map(is_alive, pids)))
    Sandbox(load_settings({"data_dir": tmp_path}), processes=1, folder=folder).close()
    assert list(folder.iterdir()) == []


def test_the_workspaces_of_another_running_service_are_left_alone(
    sandbox: Sandbox, folder: Path, tmp_path: Path
) -> None:
    with sandbox.parse(
        *(SAMPLES / "supplier-email.eml", "mail.eml"),
        depth=0,
        password=None,
        report=lambda *_: None,
        is_cancelled=lambda: False,
    ):
        Sandbox(load_settings({"data_dir": tmp_path}), processes=1, folder=folder).close()
        assert list(folder.glob("*/*/kept"))
    assert not list(folder.glob("*/*/kept"))


def test_a_cancelled_document_is_stopped_at_once(tell: Read, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with pytest.raises(Cancelled):
        tell(f"wait {note}", is_cancelled=note.exists)
    assert time.time() - note.stat().st_mtime < 2
    assert not is_alive(int(note.read_text().split()[0]))
    assert tell("next").text


def test_waiting_for_a_child_can_be_cancelled(unruly: Sandbox, tell: Read, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(tell, f"wait {note}")
        wait_for(note.exists)
        with pytest.raises(Cancelled):
            tell("next", is_cancelled=lambda: True)
        unruly.close()
        with pytest.raises(EngineUnavailable, match="being stopped"):
            long.result()


def test_an_error_in_a_report_stops_the_reading_and_not_the_sandbox(tell: Read) -> None:
    with pytest.raises(ZeroDivisionError):
        tell("count", report=lambda *_: 1 // 0)
    assert tell("next").text


def test_a_missing_engine_is_told_as_such(tell: Read) -> None:
    with pytest.raises(EngineUnavailable, match="Tesseract is not installed; install it"):
        tell("no-engine")


@pytest.mark.parametrize("module", ["tests.ingest.sandbox.no_such_module", "json.tool"])
def test_a_child_that_cannot_start_is_told_and_not_waited_for(tmp_path: Path, folder: Path, module: str) -> None:
    sandbox = Sandbox(load_settings({"data_dir": tmp_path}), processes=1, folder=folder, child=module)
    with pytest.raises(EngineUnavailable, match=r"does not start: exit status \d.*make install"):
        read(sandbox, SAMPLES / "reiserichtlinie.md")
    sandbox.close()


# --- what is not believed --------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["outside /etc/passwd", "link /etc/passwd", "up", "outside relative"])
def test_a_file_outside_of_the_workspace_is_refused(tell: Read, words: str) -> None:
    with pytest.raises(UnreadableDocument, match=r"was refused: .* a file outside of its workspace"):
        tell(words)
    assert tell("next").text


@pytest.mark.parametrize("words", ["garbage", "endless", "nonsense", "pickle", "chatter"])
def test_an_answer_that_is_none_is_refused(tell: Read, words: str) -> None:
    with pytest.raises(UnreadableDocument, match=f"{words}.md was refused") as refused:
        tell(words)
    assert SECRET not in str(refused.value)
    assert tell("next").text == "next"


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_document(tell: Read) -> None:
    assert tell("unasked").text == "not yours"
    assert tell("next").text == "next"


# --- children come and go --------------------------------------------------------------------------


def test_a_warm_sandbox_has_its_children_before_the_first_document_and_question(sandbox: Sandbox, folder: Path) -> None:
    sandbox.warm()
    wait_for(lambda: len(children(folder)) == 2)


def test_a_child_that_kept_much_memory_is_replaced(tell: Read) -> None:
    def ask_pid() -> int:
        return int(json.loads(tell("look-around").text)["pid"])

    first = ask_pid()
    assert ask_pid() == first
    tell("keep 410")
    assert ask_pid() != first


def test_a_child_that_has_read_many_documents_is_replaced(sandbox: Sandbox, folder: Path) -> None:
    read(sandbox, SAMPLES / "reiserichtlinie.md")
    (first,) = children(folder)
    for _ in range(MOST_SERVED - 1):
        read(sandbox, SAMPLES / "reiserichtlinie.md")
    wait_for(lambda: len(children(folder)) == 1 and first not in children(folder))
    assert read(sandbox, SAMPLES / "reiserichtlinie.md").text


def test_a_closed_sandbox_leaves_no_child_and_no_folder(tmp_path: Path, folder: Path) -> None:
    sandbox = Sandbox(load_settings({"data_dir": tmp_path}), processes=1, folder=folder)
    read(sandbox, SAMPLES / "reiserichtlinie.md")
    (child,) = children(folder)
    sandbox.close()
    assert not is_alive(child)
    assert list(folder.iterdir()) == []
    with pytest.raises(EngineUnavailable):
        read(sandbox, SAMPLES / "reiserichtlinie.md")


def test_a_reader_reaches_nobody_whatever_the_settings_say_and_the_service_is_told(tell: Read) -> None:
    while not ATTEMPTS.empty():
        ATTEMPTS.get()
    with pytest.raises(EngineUnavailable, match=r"collector\.example\.com is not on the list"):
        tell("call-home")
    asked_by = "ingest.sandbox.answers → __main__ (reading a file)"
    assert ATTEMPTS.get_nowait() == Attempt("collector.example.com", 443, asked_by)


def test_what_a_child_says_it_tried_is_checked_like_all_else(tell: Read) -> None:
    with pytest.raises(UnreadableDocument, match="was refused: the program that read it gave"):
        tell("lie-about-calls")
