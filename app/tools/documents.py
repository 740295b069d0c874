"""Searches the documents again, with other words."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, Final, Protocol

from app.access import Access
from app.domain import FunctionName, Passage, Tool, ToolResult, ToolSpec, Touch

MOST_CHARACTERS: Final = 500
SPEC: Final = ToolSpec(
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
class SearchDocumentsTool:
    """`access`: of the person who asks. `k`: passages that are found, at most."""

    search: Search
    access: Access
    k: int

    @property
    def spec(self) -> ToolSpec:
        """See `ToolFunction.spec`."""
        return SPEC

    def host_of(self, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Nothing leaves the machine."""
        return ""

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:  # noqa: ARG002
        """See `ToolFunction.run`. Raises EngineUnavailable, TextTooLong."""
        query = str(arguments["query"])
        found = await asyncio.to_thread(lambda: self.search(query, access=self.access, k=self.k))
        documents = len({passage.document_id for passage in found})
        if not found:
            return ToolResult("No passages found", "No passage was found.")
        summary = f"{_count(len(found), 'passage')} in {_count(documents, 'document')}"
        return ToolResult(summary, passages=tuple(found))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
