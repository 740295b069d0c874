"""How fast documents come in: a long PDF and many small files, beside pdfium and sentence-transformers alone."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped]
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer  # type: ignore[import-untyped]
from sqlmodel import col, select

from app.db.tables import ChunkRow, JobItemRow
from app.domain import ItemStatus, Job
from app.services import Services
from bench.bare import BareEmbedder, extract_pdf_text, measure
from bench.prose import write_paragraph, write_sentence
from bench.report import Figure, Result, compare
from bench.service import opened_services, take_in
from bench.sizes import Size

WORDS_PER_PAGE = 450
PARAGRAPHS = 5
WORDS_PER_NOTE = 200
# What others took for a text PDF of 200 pages and one of 22, with the same embedding model on a machine of this kind.
# Their versions and the month in which they were measured belong to the figure.
PEERS = (("Open WebUI 0.12.4, 2026-11", 1.9), ("AnythingLLM 1.16, 2026-11", 5.9))


def run(size: Size) -> Result:
    """Ours and bare in turns; every round has new texts, so that the embedding cache never helps."""
    with TemporaryDirectory(prefix="cloister-bench-") as folder, opened_services() as services:
        services.ingest()
        # The first documents of a process load what every later one uses; engine loading is not what is measured.
        first = [write_pdf(Path(folder) / "first.pdf", seed=-1, pages=1), *write_notes(Path(folder), seed=-1, files=1)]
        take_in(services, first, knowledge_base="bench")
        bench = _Bench(services, BareEmbedder(services.settings.embedder), Path(folder), size)
        figures = [bench.measure_pages(), *_list_peers(), *bench.measure_notes()]
    return Result(tuple(figures), tuple(bench.notes))


def _list_peers() -> list[Figure]:
    return [Figure(f"for comparison, not of this run: {name}", "pages/s", pages) for name, pages in PEERS]


class _Bench:
    """The services and the bare engines that are measured in turns."""

    def __init__(self, services: Services, bare: BareEmbedder, folder: Path, size: Size) -> None:
        self._services, self._bare, self._folder, self._size = services, bare, folder, size
        self.notes: list[str] = []

    def measure_pages(self) -> Figure:
        """One long PDF."""
        pages = self._size.pick(tiny=2, quick=50, normal=200)
        ours: list[float] = []
        limit: list[float] = []
        for number in range(self._size.pick(tiny=1, quick=2, normal=3)):
            pdf = write_pdf(self._folder / f"report-{number}.pdf", seed=number, pages=pages)
            seconds, job = self._take_in([pdf])
            ours.append(pages / seconds)
            limit.append(pages / self._bare_seconds(_chunk_texts(self._services, job), lambda: extract_pdf_text(pdf)))  # noqa: B023
        return compare(f"ingest of {pages} pages", "pages/s", ours, limit, at_least=0.85)

    def measure_notes(self) -> list[Figure]:
        """Many small files, and the same once more."""
        files = self._size.pick(tiny=4, quick=200, normal=2_000)
        folder = self._folder / "notes"
        folder.mkdir()
        paths = write_notes(folder, seed=1, files=files)
        seconds, job = self._take_in([folder])
        bare = self._bare_seconds(
            _chunk_texts(self._services, job), lambda: [path.read_text("utf-8") for path in paths]
        )
        again, unchanged = self._take_in([folder])
        if {item.status for item in unchanged.items} != {ItemStatus.UNCHANGED}:
            raise RuntimeError("The second run of the same files found something to do.")
        embedded = sum(item.embedded_chunks for item in unchanged.items)
        self.notes.append(f"The {files} files hold {job.chunks} chunks; the second run embedded {embedded}.")
        return [
            compare(
                f"ingest of {files} small Markdown files", "files/s", [files / seconds], [files / bare], at_least=0.7
            ),
            compare(f"the same {files} files, unchanged", "s", [again], [seconds], at_most=0.05),
        ]

    def _take_in(self, paths: Sequence[Path]) -> tuple[float, Job]:
        jobs: list[Job] = []
        seconds = measure(lambda: jobs.append(take_in(self._services, paths, knowledge_base="bench")))
        return seconds, jobs[0]

    def _bare_seconds(self, texts: Sequence[str], read: Callable[[], object]) -> float:
        """What reading and embedding take without us. The first call also picks the fastest way to embed."""
        if not self.notes:
            self._bare.pick_fastest(texts[: self._size.pick(tiny=4, quick=96, normal=128)])
            self.notes.append(f"The limit ran with {self._bare.options}.")
        return measure(lambda: (read(), self._bare.encode(texts)))


def write_notes(folder: Path, *, seed: int, files: int) -> list[Path]:
    """Markdown files of a heading and three paragraphs, about 1.4 kB each."""
    random = Random(seed)
    paths = [folder / f"note-{seed}-{number:04}.md" for number in range(files)]
    for number, path in enumerate(paths):
        paragraphs = [write_paragraph(random, words=WORDS_PER_NOTE // 3) for _ in range(3)]
        path.write_text("\n\n".join((f"# Note {number}", *paragraphs)) + "\n", encoding="utf-8")
    return paths


def write_pdf(path: Path, *, seed: int, pages: int) -> Path:
    """A text PDF with a heading and five paragraphs on every page."""
    random = Random(seed)
    styles = getSampleStyleSheet()
    story: list[Paragraph | Spacer | PageBreak] = []
    for number in range(1, pages + 1):
        story.append(Paragraph(f"{number}. {write_sentence(random)[:60]}", styles["Heading2"]))
        for _ in range(PARAGRAPHS):
            story.append(Paragraph(write_paragraph(random, words=WORDS_PER_PAGE // PARAGRAPHS - 10), styles["Normal"]))
            story.append(Spacer(1, 8))
        story.append(PageBreak())
    SimpleDocTemplate(str(path), pagesize=A4).build(story)
    return path


def _chunk_texts(services: Services, job: Job) -> list[str]:
    """What was embedded: texts without tables, so nothing stands before them."""
    with services.database.read() as session:
        return list(
            session.exec(
                select(ChunkRow.text)
                .join(JobItemRow, col(JobItemRow.version_id) == ChunkRow.version_id)
                .where(JobItemRow.job_id == job.id)
                .order_by(col(JobItemRow.position), col(ChunkRow.ordinal))
            )
        )
