"""Computes an answer from the tables of the documents."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, ClassVar, Final, Protocol

from app.access import Access
from app.domain import FunctionName, TableAnswer, Tool, ToolResult, ToolSpec, Touch
from app.errors import Rejected
from app.tools.function import StaysInside
from app.tools.summaries import count_of

MOST_CHARACTERS: Final = 500
QUERY_TABLE: Final = ToolSpec(
    name=FunctionName.QUERY_TABLE,
    tool=Tool.TABLES,
    description="Compute a figure from the tables (CSV files, spreadsheets) in the user's documents: counts, sums, "
    "averages, highest and lowest values, values for a name or a period.",
    parameters={
        "type": "object",
        "properties": {
            "question": {
                "type": "string",
                "description": "The question to compute, complete in itself, in the words of the table's columns.",
                "minLength": 3,
                "maxLength": MOST_CHARACTERS,
            }
        },
        "required": ["question"],
        "additionalProperties": False,
    },
    touches=frozenset({Touch.DOCUMENTS}),
)


class AskTables(Protocol):
    """Computes, as `Services.ask_tables` does. Sync."""

    def __call__(self, question: str, *, access: Access, cancelled: Event) -> TableAnswer | None:
        """The answer; None where none of the tables that `access` lets through is one that the question is about."""
        ...


@dataclass(frozen=True, slots=True)
class QueryTableTool(StaysInside):
    """`access`: of the person who asks."""

    spec: ClassVar[ToolSpec] = QUERY_TABLE
    ask: AskTables
    access: Access

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        """See `ToolFunction.run`. Raises Rejected where no table is about the question, EngineUnavailable."""
        question = str(arguments["question"])
        computed = await asyncio.to_thread(lambda: self.ask(question, access=self.access, cancelled=cancelled))
        if computed is None:
            raise Rejected(
                "No table fits this question. Name a column and what to compute of it, or ask without tables."
            )
        cited = {citation.n for citation in computed.citations}
        return ToolResult(
            _summary(computed),
            text=computed.text,
            passages=tuple(passage for passage in computed.passages if passage.rank in cited),
            computed=computed,
        )


def _summary(computed: TableAnswer) -> str:
    if computed.table is None:
        return "Not computed"
    doubt = "" if computed.table.is_sure else ", not certain"
    return f"Computed: {count_of(len(computed.table.rows), 'row')}{doubt}"
