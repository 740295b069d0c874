"""What the lab shows."""

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
