"""How often the right passage is found, cited and said: on our own golden questions and on third-party sets."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import yaml

from app.access import Access
from app.answer.events import Finished
from app.answer.pipeline import AnswerLine
from app.answer.text.phrases import phrases_for
from app.db import documents, parsed_texts
from app.domain import Answer, Citation, Page, Question
from app.services import Services
from bench.machine import REPOSITORY
from bench.report import Figure, Result
from bench.retrieval import score_set
from bench.retrieval_sets import SETS_FOLDER, list_sets
from bench.service import SAMPLES, open_access, opened_samples
from bench.sizes import Size

SHOWN_PASSAGES = 5


@dataclass(frozen=True, slots=True)
class Golden:
    """A question of `tests/golden.yaml`; without a document nothing in the samples answers it."""

    question: str
    document: str = ""
    page: int | None = None
    answer_contains: tuple[str, ...] = ()


def run(size: Size) -> Result:
    """Everything in one service; each set in a knowledge base of its own."""
    with TemporaryDirectory(prefix="cloister-bench-") as folder, opened_samples() as services:
        figures = _ask_golden(services, size)
        notes: list[str] = []
        if not SETS_FOLDER.is_dir():
            notes.append(f"SKIPPED: the retrieval sets; there is no folder {SETS_FOLDER}.")
        elif size is not Size.TINY:
            for each in list_sets(is_full=size is Size.FULL):
                figures.extend(score_set(each, services, Path(folder), every=size.pick(tiny=1, quick=10, normal=1)))
    return Result(tuple(figures), tuple(notes))


def read_golden() -> tuple[list[Golden], list[Golden]]:
    """The answerable and the unanswerable questions."""
    content = yaml.safe_load((REPOSITORY / "tests" / "golden.yaml").read_text(encoding="utf-8"))
    return [_golden(each) for each in content["answerable"]], [_golden(each) for each in content["unanswerable"]]


def _golden(entry: dict[str, Any]) -> Golden:
    contains = tuple(entry.get("answer_contains", ()))
    return Golden(entry["question"], entry.get("document", ""), entry.get("page"), contains)


def _ask_golden(services: Services, size: Size) -> list[Figure]:
    answerable, unanswerable = read_golden()
    most = size.pick(tiny=2, quick=12, normal=1_000)
    line, access = services.answer_line(), open_access(services, SAMPLES)
    answered = [(golden, _ask(line, access, golden)) for golden in answerable[:most]]
    others = [_ask(line, access, golden) for golden in unanswerable[:most]]

    def share(name: str, is_right: Callable[[Golden, Answer], bool]) -> Figure:
        right = sum(is_right(golden, answer) for golden, answer in answered)
        return Figure(f"golden: {name}, of {len(answered)}", "share", right / len(answered))

    abstained = sum(answer.abstained for answer in others)
    kept = [(golden, answer) for golden, answer in answered if not answer.abstained]
    right_page = sum(_is_cited(golden, answer) for golden, answer in kept) / max(len(kept), 1)
    verbatim = _share_verbatim([answer for _, answer in answered] + others, services)
    return [
        Figure(
            f"golden: cited page right, of {len(kept)} answered",
            "share",
            right_page,
            target="≥ 0.90",
            is_met=right_page >= 0.90,
        ),
        Figure("golden: quotes word for word on their page", "share", verbatim, target="= 1", is_met=verbatim == 1.0),
        share(f"document among the first {SHOWN_PASSAGES} passages", _is_found),
        share("document and page cited", _is_cited),
        share("answer contains what it should", _is_said),
        share("answered by a quotation", lambda _, answer: _is_quoted(answer)),
        share("abstained although answerable", lambda _, answer: answer.abstained),
        Figure(f"golden: unanswerable and abstained, of {len(others)}", "share", abstained / len(others)),
    ]


def _share_verbatim(answers: Sequence[Answer], services: Services) -> float:
    """The part of all quotes that stand in their document where they say, on the page that they name."""
    citations = [citation for answer in answers for citation in answer.citations]
    with services.database.read() as session:
        version_by_id = {
            each: documents.get_document(session, each).version_id
            for each in {citation.document_id for citation in citations}
        }
        text_by_id = {each: parsed_texts.get_text(session, version) for each, version in version_by_id.items()}
        pages_by_id = {each: parsed_texts.load_pages(session, version) for each, version in version_by_id.items()}
    right = sum(_is_verbatim(each, text_by_id[each.document_id], pages_by_id[each.document_id]) for each in citations)
    return right / len(citations) if citations else 0.0


def _is_verbatim(citation: Citation, text: str, pages: Sequence[Page]) -> bool:
    if " ".join(text[citation.start : citation.end].split()) != citation.quote:
        return False
    if not pages:
        return citation.page is None
    return any(
        page.number == citation.page and page.start <= citation.start and citation.end <= page.end for page in pages
    )


def _ask(line: AnswerLine, access: Access, golden: Golden) -> Answer:
    async def last() -> Answer:
        async for event in line.answer(Question(golden.question), access=access, cancelled=Event()):
            if isinstance(event, Finished):
                return event.answer
        raise RuntimeError("The answer line ended without an answer.")

    return asyncio.run(last())


def _is_found(golden: Golden, answer: Answer) -> bool:
    return any(passage.document == golden.document for passage in answer.passages[:SHOWN_PASSAGES])


def _is_cited(golden: Golden, answer: Answer) -> bool:
    return any(each.document == golden.document and each.page == golden.page for each in answer.citations)


def _is_said(golden: Golden, answer: Answer) -> bool:
    return not answer.abstained and all(part in answer.text for part in golden.answer_contains)


def _is_quoted(answer: Answer) -> bool:
    openings: Sequence[str] = [phrases_for(language).in_their_words for language in ("en", "de")]
    return answer.text.startswith(tuple(openings))
