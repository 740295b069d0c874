"""Citations as annotations of a text, and where they lead. Pure."""

from collections.abc import Iterator, Sequence
from typing import Literal

from app.domain import Answer, Citation, Passage
from app.web.api.models.base import Model

PDF = "application/pdf"


class UrlCitation(Model):
    """`start_index`, `end_index`: the marker in the text that stands for it, in characters."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(Model):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


def annotate(answer: Answer, service_url: str) -> list[Annotation]:
    """One annotation for each marker `[n]` and each place that it cites, in the order of the text."""
    found: dict[tuple[int, str], UrlCitation] = {}
    for n, start, end in _markers(answer):
        for citation in (each for each in answer.citations if each.n == n):
            url = link(citation, answer.passages, service_url)
            title = citation.document if citation.page is None else f"{citation.document}, page {citation.page}"
            found.setdefault((start, url), UrlCitation(url=url, title=title, start_index=start, end_index=end))
    return [Annotation(url_citation=each) for _, each in sorted(found.items(), key=lambda item: item[0][0])]


def link(citation: Citation, passages: Sequence[Passage], service_url: str) -> str:
    """Where whoever may read the document opens it, at its page where browsers can; a web page by its address."""
    if citation.url:
        return citation.url
    url = f"{service_url}/api/v1/documents/{citation.document_id}/file"
    is_pdf = any(each.document_id == citation.document_id and each.media_type == PDF for each in passages)
    return f"{url}#page={citation.page}" if is_pdf and citation.page is not None else url


def _markers(answer: Answer) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each marker: they stand at the ends of sentences, and a quote may hold others."""
    for statement in answer.statements:
        for n in statement.citations:
            marker = f"[{n}]"
            start = answer.text.rfind(marker, statement.start, statement.end)
            if start >= 0:
                yield n, start, start + len(marker)
