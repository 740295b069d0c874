"""Pages per second of a whole ingest, beside pdfium and sentence-transformers alone on the same pages and chunks."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped]
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer  # type: ignore[import-untyped]
from sqlmodel import col, select

from app.db.tables import ChunkRow
from app.domain import Job
from app.services import Services
from bench.bare import BareEmbedder, extract_pdf_text, measure
from bench.prose import write_paragraph, write_sentence
from bench.report import Result, compare
from bench.service import opened_services, take_in
from bench.sizes import Size

WORDS_PER_PAGE = 450
PARAGRAPHS = 5


def run(size: Size) -> Result:
    """Ours and bare in turns; every round has a new PDF, so that the embedding cache never helps."""
    pages = size.pick(tiny=2, quick=50, normal=200)
    rounds = size.pick(tiny=1, quick=2, normal=3)
    ours: list[float] = []
    limit: list[float] = []
    with TemporaryDirectory(prefix="cloister-bench-") as folder, opened_services() as services:
        services.ingest()
        # The first document of a process loads what every later one uses; engine loading is not what is measured.
        take_in(services, [write_pdf(Path(folder) / "first.pdf", seed=-1, pages=1)], knowledge_base="bench")
        bare = BareEmbedder(services.settings.embedder)
        for number in range(rounds):
            pdf = write_pdf(Path(folder) / f"report-{number}.pdf", seed=number, pages=pages)
            jobs: list[Job] = []
            seconds = measure(lambda: jobs.append(take_in(services, [pdf], knowledge_base="bench")))  # noqa: B023
            ours.append(jobs[0].items[0].pages / seconds)
            texts = _chunk_texts(services, jobs[0])
            if number == 0:
                bare.pick_fastest(texts[: size.pick(tiny=4, quick=96, normal=128)])
            limit.append(pages / measure(lambda: (extract_pdf_text(pdf), bare.encode(texts))))  # noqa: B023
    figure = compare(f"ingest of {pages} pages", "pages/s", ours, limit, at_least=0.8)
    return Result((figure,), (f"{len(texts)} chunks in the last round; the limit ran with {bare.options}.",))


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
    with services.database.read() as session:
        return list(
            session.exec(
                select(ChunkRow.text)
                .where(ChunkRow.document_id == job.items[0].document_id)
                .order_by(col(ChunkRow.ordinal))
            )
        )
