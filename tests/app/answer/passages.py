"""Passages as tests need them."""

from app.domain import Passage


def passage(
    text: str,
    *,
    rank: int = 1,
    document: str = "handbook.pdf",
    headings: tuple[str, ...] = (),
    start: int = 0,
    page: int | None = None,
    page_breaks: tuple[tuple[int, int], ...] = (),
    similarity: float = 0.0,
    language: str = "en",
    table_header: str = "",
) -> Passage:
    """A passage with only what matters to the test."""
    return Passage(
        rank=rank,
        score=1.0,
        similarity=similarity,
        chunk_id=f"chunk-{rank}",
        document_id=f"document-of-{document}",
        document=document,
        media_type="application/pdf",
        language=language,
        title="",
        headings=headings,
        page=page,
        last_page=page,
        start=start,
        end=start + len(text),
        text=text,
        page_breaks=page_breaks,
        table_header=table_header,
    )
