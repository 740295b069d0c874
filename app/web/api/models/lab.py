"""What the lab shows."""

from typing import Annotated

from pydantic import Field

from app.domain import AskedQuestion
from app.lab.measure import Compared, Measured
from app.lab.metrics import Interval, Verdict
from app.lab.preview import Preview
from app.web.api.models.base import Model


class PreviewChunkOut(Model):
    """`repeats`: characters shared with the chunk before."""

    start_char: int
    end_char: int
    tokens: int
    repeats: int
    heading: str
    first_page: int | None
    last_page: int | None


class EstimateOut(Model):
    """For the whole knowledge base. `embedding_s` is null where nothing was embedded yet to go by."""

    chunks: int
    embedding_s: float | None
    disk_bytes: int


class PreviewOut(Model):
    """`histogram`: chunks with up to a tenth, two tenths … of the chunk size. `cut_tokens` is 0, or the model would cut
    text off.
    """

    chunks: list[PreviewChunkOut]
    histogram: list[int]
    cut_tokens: int
    estimate: EstimateOut

    @classmethod
    def of(cls, preview: Preview) -> "PreviewOut":
        return cls(
            chunks=[
                PreviewChunkOut(
                    start_char=each.start,
                    end_char=each.end,
                    tokens=each.tokens,
                    repeats=each.repeats,
                    heading=" › ".join(each.headings),
                    first_page=each.first_page,
                    last_page=each.last_page,
                )
                for each in preview.chunks
            ],
            histogram=list(preview.histogram),
            cut_tokens=preview.cut_tokens,
            estimate=EstimateOut(
                chunks=preview.estimate.chunks,
                embedding_s=preview.estimate.embedding_s,
                disk_bytes=preview.estimate.disk_bytes,
            ),
        )


class QuestionOut(Model):
    """A question, and the words of a document that answer it."""

    id: str
    text: str
    document_id: str
    document: str
    quote: str

    @classmethod
    def of(cls, question: AskedQuestion) -> "QuestionOut":
        return cls(
            id=question.id,
            text=question.text,
            document_id=question.document_id,
            document=question.document,
            quote=question.quote,
        )


class ImportedQuestions(Model):
    """How many were kept, and a sentence for each that was not."""

    kept: int
    refused: list[str]


class MeasureIn(Model):
    """`generation_id`: of a trial or a kept generation; the one that answers where it is left out."""

    k: Annotated[int, Field(ge=1, le=50)] = 5
    generation_id: str | None = None


class CompareIn(Model):
    """Two generations of the knowledge base; the one that answers where `baseline_id` is left out."""

    generation_id: str
    baseline_id: str | None = None
    k: Annotated[int, Field(ge=1, le=50)] = 5


class IntervalOut(Model):
    """A mean, and between what it lies with a probability of 95 %."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> "IntervalOut":
        return cls(mean=round(interval.mean, 4), low=round(interval.low, 4), high=round(interval.high, 4))


class MeasuredOut(Model):
    """Over `questions` questions and the first `k` passages of each. `lost`: questions whose quote stands in their
    document no more; they were not asked.
    """

    questions: int
    k: int
    recall: IntervalOut
    precision: IntervalOut
    iou: IntervalOut
    reciprocal_rank: IntervalOut
    lost: list[str]

    @classmethod
    def of(cls, measured: Measured) -> "MeasuredOut":
        return cls(
            questions=measured.questions,
            k=measured.k,
            recall=IntervalOut.of(measured.recall),
            precision=IntervalOut.of(measured.precision),
            iou=IntervalOut.of(measured.iou),
            reciprocal_rank=IntervalOut.of(measured.reciprocal_rank),
            lost=list(measured.lost),
        )


class ComparedOut(Model):
    """`difference` is of the recall, question by question; where its interval holds 0 the verdict is `noise`."""

    verdict: Verdict
    difference: IntervalOut
    questions: int
    sentence: str

    @classmethod
    def of(cls, compared: Compared) -> "ComparedOut":
        difference = compared.difference
        mean, low, high = (100 * each for each in (difference.mean, difference.low, difference.high))
        points = f"{mean:+.1f} points of recall (95 %: {low:+.1f} to {high:+.1f})"
        said = {
            Verdict.BETTER: f"It finds more: {points}.",
            Verdict.WORSE: f"It finds less: {points}.",
            Verdict.NOISE: f"The difference is within noise: {points}.",
        }
        return cls(
            verdict=compared.verdict,
            difference=IntervalOut.of(difference),
            questions=compared.questions,
            sentence=said[compared.verdict],
        )
