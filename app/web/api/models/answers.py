"""Passages, citations and answers."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Annotated

from pydantic import Field

from app.answer.events import Checked
from app.domain import (
    Answer,
    CallRecord,
    CallState,
    Cell,
    Citation,
    FlagReason,
    PageRect,
    Passage,
    Statement,
    TableResult,
)
from app.web.api.models.base import Model
from app.web.api.models.conversation import MAX_PASSAGES, GroundsModel
from app.web.api.models.provenance import AddedOut


class SearchRequest(Model):
    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    knowledge_bases: list[str] = Field(default_factory=list)
    k: Annotated[int, Field(ge=1, le=MAX_PASSAGES)] = 10


class PassageOut(Model):
    rank: int
    score: float
    similarity: float
    document_id: str
    document: str
    page: int | None
    start_char: int
    end_char: int
    heading: str
    text: str
    also_in: list[str]
    url: str | None
    suspicious: bool
    """Reads like instructions to the assistant; the model was given it as text only."""
    web: bool = False
    added: AddedOut | None = None
    flags: list[FlagReason] = Field(default_factory=list)
    """Why an editor should look at the document, as far as none has dismissed it."""

    @classmethod
    def of(cls, passage: Passage) -> "PassageOut":
        return cls(
            rank=passage.rank,
            score=passage.score,
            similarity=round(passage.similarity, 4),
            document_id=passage.document_id,
            document=passage.document,
            page=passage.page,
            start_char=passage.start,
            end_char=passage.end,
            heading=" › ".join(passage.headings),
            text=passage.text,
            also_in=list(passage.also_in),
            url=passage.url or None,
            suspicious=passage.is_suspicious,
            web=passage.is_web,
            added=AddedOut.find(passage.added),
            flags=list(passage.flags),
        )


class SearchResponse(Model):
    passages: list[PassageOut]


class RectOut(Model):
    """A rectangle on a page, in points from its lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(cls, place: PageRect) -> "RectOut":
        return cls(page=place.page, **{side: round(value, 2) for side, value in asdict(place.rect).items()})


class CitationOut(Model):
    """`quote` stands word for word in the passage `n`; `rects` are its lines on the pages, where the format has any.

    `web`: the passage was read on the web for this question, at `url`, and `document_id` names no document.
    """

    n: int
    document_id: str
    document: str
    page: int | None
    start_char: int
    end_char: int
    quote: str
    verified: bool
    rects: list[RectOut]
    web: bool = False
    url: str | None = None
    added: AddedOut | None = None
    flags: list[FlagReason] = Field(default_factory=list)

    @classmethod
    def of(cls, citation: Citation) -> "CitationOut":
        return cls(
            n=citation.n,
            document_id=citation.document_id,
            document=citation.document,
            page=citation.page,
            start_char=citation.start,
            end_char=citation.end,
            quote=citation.quote,
            verified=citation.verified,
            rects=[RectOut.of(place) for place in citation.rects],
            web=bool(citation.url),
            url=citation.url or None,
            added=AddedOut.find(citation.added),
            flags=list(citation.flags),
        )


class StatementOut(Model):
    """One sentence, `answer[start:end]`: the passages it cites, whether one bears it out, and what none contains."""

    start: int
    end: int
    citations: list[int]
    verified: bool
    missing: list[str]

    @classmethod
    def of(cls, statement: Statement) -> "StatementOut":
        return cls(
            start=statement.start,
            end=statement.end,
            citations=list(statement.citations),
            verified=statement.is_verified,
            missing=list(statement.missing),
        )


class CheckedOut(Model):
    """The sentences that are complete so far, checked; `pending` is what was written after them."""

    text: str
    pending: str
    citations: list[CitationOut]
    statements: list[StatementOut]

    @classmethod
    def of(cls, checked: Checked) -> "CheckedOut":
        return cls(
            text=checked.text,
            pending=checked.pending,
            citations=[CitationOut.of(citation) for citation in checked.citations],
            statements=[StatementOut.of(statement) for statement in checked.statements],
        )


class TableResultOut(Model):
    """What was computed of tables: the SQL, its rows, the ids of the documents that were asked.

    Dates are ISO text; exact decimals are numbers. `sure` is false where the figure may not be what was asked;
    `unused` are then the words that the query leaves out.
    """

    sql: str
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    is_cut: bool
    documents: list[str]
    sure: bool
    unused: list[str]

    @classmethod
    def of(cls, table: TableResult) -> "TableResultOut":
        return cls(
            sql=table.sql,
            columns=list(table.columns),
            rows=[[_json_cell(cell) for cell in row] for row in table.rows],
            is_cut=table.is_cut,
            documents=list(table.document_ids),
            sure=table.is_sure,
            unused=list(table.unused),
        )


def _json_cell(cell: Cell) -> str | int | float | bool | None:
    match cell:
        case Decimal():
            return float(cell) if cell % 1 else int(cell)
        case float() if not isfinite(cell):
            return str(cell)
        case date() | time():
            return cell.isoformat()
        case _:
            return cell


class Timings(Model):
    condense: float
    retrieve: float
    rerank: float
    prompt: float
    first_token: float
    total: float


class CallOut(Model):
    """A call of a tool and what became of it: `state` is done, invalid, forbidden, declined or failed."""

    name: str
    state: CallState
    summary: str
    reason: str
    host: str

    @classmethod
    def of(cls, record: CallRecord) -> "CallOut":
        summary = record.result.summary if record.result else ""
        return cls(name=record.call.name, state=record.state, summary=summary, reason=record.reason, host=record.host)


class AskResponse(Model):
    answer: str
    citations: list[CitationOut]
    statements: list[StatementOut]
    abstained: bool
    passages: list[PassageOut]
    timings_ms: Timings
    table: TableResultOut | None = None
    grounds: GroundsModel | None
    model: str = ""
    calls: list[CallOut] = Field(default_factory=list)
    on_their_way: int = 0
    """Documents that were still being taken in where it was searched: a later answer may know more."""

    @classmethod
    def of(cls, answer: Answer, calls: Sequence[CallRecord] = ()) -> "AskResponse":
        return cls(
            answer=answer.text,
            citations=[CitationOut.of(citation) for citation in answer.citations],
            statements=[StatementOut.of(statement) for statement in answer.statements],
            abstained=answer.abstained,
            passages=[PassageOut.of(passage) for passage in answer.passages],
            timings_ms=Timings(**answer.timings_ms),
            table=TableResultOut.of(answer.table) if answer.table else None,
            grounds=GroundsModel.of(answer.grounds) if answer.grounds else None,
            model=answer.model,
            calls=[CallOut.of(record) for record in calls],
            on_their_way=answer.on_their_way,
        )
