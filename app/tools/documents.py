"""Searches the documents again, with other words."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, ClassVar, Final, Protocol

from app.access import Access
from app.domain import FunctionName, Passage, Tool, ToolResult, ToolSpec, Touch
from app.tools.function import StaysInside
from app.tools.summaries import count_of

MOST_CHARACTERS: Final = 500
SEARCH_DOCUMENTS: Final = ToolSpec(
    name=FunctionName.SEARCH_DOCUMENTS,
    tool=Tool.SEARCH,
    description="Search the user's own documents with other words. Use it when what was found does not answer the "
    "question, or when the question has several parts that need a search each.",
    parameters={
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "description": "What to look for: a few telling words, or a question.",
                "minLength": 2,
                "maxLength": MOST_CHARACTERS,
            }
        },
        "required": ["query"],
        "additionalProperties": False,
    },
    touches=frozenset({Touch.DOCUMENTS}),
)


class Search(Protocol):
    """Finds passages, as `Services.search` does. Sync."""

    def __call__(self, question: str, *, access: Access, k: int) -> list[Passage]:
        """The best `k` passages of what `access` lets through."""
        ...


@dataclass(frozen=True, slots=True)
class SearchDocumentsTool(StaysInside):
    """`access`: of the person who asks. `k`: passages that are found, at most."""

    spec: ClassVar[ToolSpec] = SEARCH_DOCUMENTS
    search: Search
    access: Access
    k: int

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:  # noqa: ARG002
        """See `ToolFunction.run`. Raises EngineUnavailable, TextTooLong."""
        query = str(arguments["query"])
        found = await asyncio.to_thread(lambda: self.search(query, access=self.access, k=self.k))
        documents = len({passage.document_id for passage in found})
        if not found:
            return ToolResult("No passages found", "No passage was found.")
        summary = f"{count_of(len(found), 'passage')} in {count_of(documents, 'document')}"
        return ToolResult(summary, passages=tuple(found))
