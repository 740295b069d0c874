"""Odd and damaged files through the sandbox: each becomes a document or a sentence, within the limits.

The files are real ones, and seeded mutants of them: bytes flipped, ends cut off, garbage put in, blocks swapped, and
the same done to one member of those that are archives, whose checksums would else hide it from the parsers.
"""

import io
import random
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from app.errors import UnreadableDocument
from app.settings import load_settings
from bench.machine import REPOSITORY
from bench.report import Figure, Result
from bench.sizes import Size
from ingest.sandbox import Sandbox
from ingest.sandbox.sandbox import ParserFailed

FIXTURES = REPOSITORY.parent / "shared" / "fixtures"
SAMPLES = REPOSITORY / "sample_docs"
SEED = 20_260
PROCESSES = 2
# On a busy machine the children, which have low priority, take a minute for a page of OCR.
SECONDS = 180
MOST_MIB = 2048
LOOK_EVERY_S = 0.05
SLOWEST_SHOWN = 3

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class Odd:
    """A file to read. Pictures and odd PDFs are read with OCR, mutants of the rest without: it would take hours."""

    name: str
    content: bytes = field(repr=False)
    with_ocr: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: `how` is `document`, `refused`, `parser failed`, or the way in which a child was lost."""

    name: str
    how: str
    sentence: str
    seconds: float


@dataclass(slots=True)
class Peak:
    """The most memory that this process and its children were seen to have in use together."""

    bytes: int = 0


def run(size: Size) -> Result:
    """Read them all, two at once."""
    odd = [
        *list_odd_pdfs(size.pick(tiny=2, quick=30, normal=1000)),
        *list_mutants(size.pick(tiny=4, quick=100, normal=500)),
    ]
    with watched_memory() as peak:
        outcomes = read_all(odd)
    count = Counter(each.how for each in outcomes)
    lost = sum(count.values()) - count["document"] - count["refused"] - count["parser failed"]
    slowest = sorted(outcomes, key=lambda each: -each.seconds)[:SLOWEST_SHOWN]
    mib = peak.bytes / 2**20
    figures = (
        Figure("documents", "files", count["document"]),
        Figure("refused with a sentence", "files", count["refused"]),
        Figure("errors in parsers", "files", count["parser failed"], target="0", is_met=count["parser failed"] == 0),
        Figure("children lost", "files", lost, target="0", is_met=lost == 0),
        Figure("slowest file", "s", slowest[0].seconds, SECONDS),
        Figure("peak memory, service and children", "MiB", mib, target=f"< {MOST_MIB}", is_met=mib < MOST_MIB),
    )
    notes = [f"Seed {SEED}; at most {SECONDS} s a file; files from {_sources()}."]
    notes += [f"{each.name}: {each.seconds:.1f} s, {each.how}" for each in slowest]
    notes += [each.sentence for each in outcomes if each.how not in ("document", "refused")]
    return Result(figures, tuple(notes))


def list_odd_pdfs(most: int) -> list[Odd]:
    """PDFs that other readers stumbled over, as they are; none where the fixtures are absent."""
    paths = sorted((FIXTURES / "pypdf").glob("*.pdf"))
    return [Odd(path.name, path.read_bytes(), with_ocr=True) for path in paths[:most]]


def list_mutants(count: int, seed: int = SEED) -> list[Odd]:
    """Always the same for a seed. The files come in turns by type, so that the few of a type count as much."""
    chance = random.Random(seed)
    originals = list(_originals())
    found = []
    for number in range(count):
        folder = originals[number % len(originals)]
        path = chance.choice(folder)
        how = chance.choice(WAYS)
        content = how(path.read_bytes(), chance)
        is_picture = path.parent.name == "ocr"
        found.append(Odd(f"{number:03}-{how.__name__}-{path.name}", content, with_ocr=is_picture))
    return found


def read_all(files: Iterable[Odd]) -> list[Outcome]:
    """What became of each. Nothing but UnreadableDocument may be raised for a file; any other error ends this."""
    files = list(files)
    with_ocr = [each for each in files if each.with_ocr]
    without_ocr = [each for each in files if not each.with_ocr]
    return _read_some(with_ocr, ocr="auto") + _read_some(without_ocr, ocr="off")


def _read_some(files: Sequence[Odd], *, ocr: str) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="cloister-mutants-") as name, ThreadPoolExecutor(PROCESSES) as threads:
        folder = Path(name)
        settings = load_settings({"data_dir": folder, "ocr": {"engine": ocr}, "limits": {"seconds": SECONDS}})
        sandbox = Sandbox(settings, processes=PROCESSES, folder=folder / "workspaces")
        try:
            return list(threads.map(lambda odd: read_one(sandbox, odd, folder), files))
        finally:
            sandbox.close()


def read_one(sandbox: Sandbox, odd: Odd, folder: Path) -> Outcome:
    """What becomes of one file."""
    path = folder / odd.name
    path.write_bytes(odd.content)
    started = time.monotonic()
    how, sentence = "document", ""
    try:
        with sandbox.parse(path, odd.name, depth=0, password=None, report=lambda *_: None, is_cancelled=lambda: False):
            pass
    except UnreadableDocument as exc:
        how, sentence = _how(exc), str(exc)
    path.unlink()
    return Outcome(odd.name, how, sentence, time.monotonic() - started)


@contextmanager
def watched_memory() -> Iterator[Peak]:
    """The peak while the block runs."""
    peak, is_over = Peak(), threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            peak.bytes = max(peak.bytes, _family_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()


def flip(content: bytes, chance: random.Random) -> bytes:
    """One byte in a thousand, at least one, becomes another."""
    changed = bytearray(content)
    for _ in range(max(1, len(content) // 1000)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(content: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return content[: chance.randrange(1, len(content))]


def insert(content: bytes, chance: random.Random) -> bytes:
    """Garbage in the middle."""
    at = chance.randrange(len(content))
    return content[:at] + chance.randbytes(chance.randrange(1, 2000)) + content[at:]


def swap(content: bytes, chance: random.Random) -> bytes:
    """Two neighbouring blocks have changed places."""
    first, second, third = sorted(chance.randrange(len(content) + 1) for _ in range(3))
    return content[:first] + content[second:third] + content[first:second] + content[third:]


def inside(content: bytes, chance: random.Random) -> bytes:
    """One member of an archive is damaged and packed again; what is no archive is damaged itself."""
    damage = chance.choice((flip, cut, insert, swap))
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return damage(content, chance)
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as original,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        members = {info.filename: original.read(info) for info in original.infolist() if not info.is_dir()}
        victim = chance.choice([name for name, member in members.items() if member])
        for name, member in members.items():
            changed.writestr(name, damage(member, chance) if name == victim else member)
    return packed.getvalue()


WAYS: Sequence[Mutate] = (flip, cut, insert, swap, inside)


def _originals() -> Iterator[list[Path]]:
    """The files to make mutants of, type by type."""
    if not FIXTURES.is_dir():
        yield [path for path in sorted(SAMPLES.iterdir()) if path.is_file()]
        return
    for folder in sorted((FIXTURES / "parsers").iterdir()):
        if folder.is_dir():
            yield [path for path in sorted(folder.iterdir()) if not path.name.endswith((".expected.md", "README.md"))]


def _sources() -> str:
    return str(FIXTURES) if FIXTURES.is_dir() else f"{SAMPLES} only, as {FIXTURES} is absent"


def _how(exc: UnreadableDocument) -> str:
    match exc.__cause__:
        case None:
            return "refused"
        case ParserFailed():
            return "parser failed"
        case cause:
            return type(cause).__name__


def _family_bytes() -> int:
    service = psutil.Process()
    total = 0
    for each in (service, *service.children(recursive=True)):
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue  # It has ended in between.
    return total
