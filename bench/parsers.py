"""How much of the words of real documents arrives, type by type, against the text that another converter gave."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Final

from app.errors import UnreadableDocument
from app.settings import load_settings
from bench.machine import REPOSITORY
from bench.report import Figure, Result
from bench.sizes import Size
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions

FIXTURES: Final = REPOSITORY.parent / "shared" / "fixtures" / "parsers"
SAMPLES: Final = REPOSITORY / "sample_docs"
EXPECTED: Final = ".expected.md"
# What the mean of a type must reach; None is only reported.
LEAST_F1: Final = {
    "pdf": 0.93,
    "docx": 0.90,
    "pptx": 0.90,
    "xlsx": 0.90,
    "odf": 0.90,
    "html": 0.90,
    "md": 0.90,
    "csv": None,
    "asciidoc": None,
}
UPRIGHT: Final = "ocr_test.pdf"
Read = Callable[[Path], str]


def run(size: Size) -> Result:
    """Words without OCR, so that pictures do not count; the turned scans with it."""
    most = size.pick(tiny=1, quick=10, normal=1000)
    with TemporaryDirectory(prefix="cloister-bench-") as workspace:
        read, read_scans = (_reader(Path(workspace), engine) for engine in ("off", "auto"))
        figures = [_read_figure("sample_docs", sorted(SAMPLES.glob("*.*"))[:most], read_scans)]
        if not FIXTURES.is_dir():
            return Result(tuple(figures), (f"SKIPPED: the words of real documents; there is no folder {FIXTURES}.",))
        figures += [_words_figure(kind, read, most) for kind in LEAST_F1]
        # Nobody wrote down what the e-mails should give.
        figures.append(_read_figure("email", sorted((FIXTURES / "email").glob("*.*"))[:most], read))
        figures.append(_turned_figure(read_scans, most))
    return Result(tuple(figures), ("A file that is refused counts as one without words.",))


def word_f1(text: str, expected: str) -> float:
    """The harmonic mean of how many of our words were expected and how many of the expected ones we have."""
    ours, theirs = (Counter(re.findall(r"\w+", part.lower())) for part in (text, expected))
    return 2 * (ours & theirs).total() / max(ours.total() + theirs.total(), 1)


def list_samples(kind: str) -> Iterator[tuple[Path, str]]:
    """Files of a type, each with the text that it should give; HTML comments in it stand for pictures."""
    for expected in sorted((FIXTURES / kind).glob(f"*{EXPECTED}")):
        text = re.sub(r"<!--.*?-->", "", expected.read_text(encoding="utf-8"))
        yield expected.with_name(expected.name.removesuffix(EXPECTED)), text


def _reader(workspace: Path, ocr_engine: str) -> Read:
    options = ParseOptions.of(load_settings({"ocr": {"engine": ocr_engine}}), workspace=workspace)

    def read(path: Path) -> str:
        try:
            return parse(path, path.name, options).text
        except UnreadableDocument:
            return ""

    return read


def _words_figure(kind: str, read: Read, most: int) -> Figure:
    scores = [word_f1(read(path), expected) for path, expected in list(list_samples(kind))[:most]]
    return _judged(f"{kind} ({len(scores)} files)", scores, LEAST_F1[kind])


def _read_figure(kind: str, paths: Sequence[Path], read: Read) -> Figure:
    return Figure(f"{kind} ({len(paths)} files)", "share read", mean(bool(read(path)) for path in paths))


def _turned_figure(read: Read, most: int) -> Figure:
    upright = read(FIXTURES / "ocr" / UPRIGHT)
    turned = sorted((FIXTURES / "ocr").glob("ocr_test_rotated_*.pdf"))[:most]
    return _judged(
        f"turned scans ({len(turned)} files) against upright", [word_f1(read(p), upright) for p in turned], None
    )


def _judged(name: str, scores: Sequence[float], least: float | None) -> Figure:
    ours = mean(scores)
    if least is None:
        return Figure(name, "word F1", ours)
    return Figure(name, "word F1", ours, target=f"mean ≥ {least:g}", is_met=ours >= least)
