"""Tools that send nothing and remember what they would have sent, people who answer, and what calls the tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from app.domain import (
    Approval,
    ApprovalRequest,
    Tool,
    ToolResult,
    ToolSpec,
    Touch,
)
from app.errors import Rejected
from app.ports import ToolUser
from app.settings import load_settings
from app.tools.function import Approver, Gate, ToolFunction
from app.tools.toolbox import Toolbox

SEARCH_HOST = "search.example"
TAKES_QUERY = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
TAKES_URL = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
WEB_SEARCH = ToolSpec("web_search", Tool.WEB, "Search the web.", TAKES_QUERY, frozenset({Touch.OUTSIDE}), sent="query")
OPEN_PAGE = ToolSpec("open_page", Tool.WEB, "Open a page.", TAKES_URL, frozenset({Touch.OUTSIDE}), sent="url")
SEARCH_DOCUMENTS = ToolSpec("search_documents", Tool.SEARCH, "Search again.", TAKES_QUERY, frozenset({Touch.DOCUMENTS}))


@dataclass
class FakeFunction:
    """A function that gives `result` and lists in `sent` what it was called with."""

    spec: ToolSpec
    result: ToolResult = field(default_factory=lambda: ToolResult("1 result", "Rain in Bremen."))
    sent: list[str] = field(default_factory=list)

    def host_of(self, arguments: Mapping[str, Any]) -> str:
        if Touch.OUTSIDE not in self.spec.touches:
            return ""
        if self.spec.sent != "url":
            return SEARCH_HOST
        host = urlsplit(str(arguments.get("url", ""))).hostname
        if not host:
            raise Rejected("This is no address of a page.")
        return host

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:
        self.sent.append(str(arguments.get(self.spec.sent, arguments)))
        return self.result


@dataclass
class Person(Approver):
    """Says yes to everything, or no; `requests` is what was asked. `for_good`: and from now on to each host."""

    says_yes: bool
    for_good: bool = True
    requests: list[ApprovalRequest] = field(default_factory=list)

    async def ask(self, request: ApprovalRequest) -> Approval:
        self.requests.append(request)
        return Approval(self.says_yes, request.text, is_always=self.for_good)


def open_box(functions: Sequence[ToolFunction], gate: Gate) -> ToolUser:
    """What calls these functions for one question."""
    settings = load_settings().tools
    return Toolbox(functions, gate, settings, Template((settings_prompts() / "tools.md").read_text()))


def settings_prompts() -> Path:
    """Where the templates of the prompts lie."""
    return load_settings().answer.prompts
