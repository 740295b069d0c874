"""Tools: what they may touch, calls of them, and what became of each call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.domain.answers import Message, Passage, TableAnswer
from app.domain.assistants import Tool


class FunctionName(StrEnum):
    """The functions that there are, as a language model calls them."""

    SEARCH_DOCUMENTS = "search_documents"
    QUERY_TABLE = "query_table"
    WEB_SEARCH = "web_search"
    OPEN_PAGE = "open_page"
    READ_ALOUD = "read_aloud"


class Touch(StrEnum):
    """What a call may touch."""

    DOCUMENTS = "reads documents"
    OUTSIDE = "leaves the machine"
    WRITES = "writes"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function that may be called. `name` is what a language model calls it by, `tool` what people allow it as.

    `parameters`: JSON Schema of an object. `sent`: of a call that leaves the machine, the argument whose text is sent,
    which a person sees and may edit before. `sends_all`: all of its arguments are, and they see them as JSON.
    """

    name: str
    tool: Tool
    description: str
    parameters: Mapping[str, Any]
    touches: frozenset[Touch]
    sent: str = ""
    sends_all: bool = False


class CallOrigin(StrEnum):
    """Who wants a call: the person, by a command, or the language model. client: the model did, and a program that
    asks through the API has carried it out by itself.
    """

    PERSON = "person"
    MODEL = "model"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A wish to call the function `name`. `id` tells the calls of one answer apart."""

    id: str
    name: str
    arguments: Mapping[str, Any] = field(repr=False)
    origin: CallOrigin = CallOrigin.MODEL


class CallState(StrEnum):
    """What became of a call.

    invalid: unknown, or its arguments do not fit, also after the repair. forbidden: the gate did not let it through.
    declined: the person said no, or nobody was there to ask. failed: the tool could not do it.
    """

    DONE = "done"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    DECLINED = "declined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives. `text` is for the language model, `summary` one line for the person.

    `passages` join those of the documents and are cited like them. `spoken`: text to be read aloud to the person.
    `computed`: an answer from tables, which may stand as the whole answer.
    """

    summary: str
    text: str = field(default="", repr=False)
    passages: tuple[Passage, ...] = ()
    spoken: str = field(default="", repr=False)
    computed: TableAnswer | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call and what became of it. `reason`: why it was not done, as a sentence for the person and the model.

    `call` has the arguments with which it was done, where a person edited them. `host`: where it went.
    """

    call: ToolCall
    state: CallState
    result: ToolResult | None = None
    reason: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call that was let through is being carried out. Calls that are refused have a `CallEnded` only."""

    call: ToolCall
    host: str = ""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """What became of a call."""

    record: CallRecord


ToolEvent = CallStarted | CallEnded


@dataclass(frozen=True, slots=True)
class Consultation:
    """What tools are chosen from: a question in its conversation, and what the documents hold.

    `wanted`: calls that the person made by a command. `is_answerable`: the passages probably answer the question.
    `is_tainted`: text that nobody present wrote (documents, web pages, results of tools) is in the conversation.
    """

    question: str = field(repr=False)
    history: tuple[Message, ...] = ()
    passages: tuple[Passage, ...] = ()
    wanted: tuple[ToolCall, ...] = ()
    is_answerable: bool = True
    is_tainted: bool = True


# --- the person's yes -----------------------------------------------------------------------------


class FlagKind(StrEnum):
    """What is remarkable about a text that would leave the machine."""

    VERBATIM = "verbatim"
    SECRET = "secret"  # noqa: S105 - names a kind


@dataclass(frozen=True, slots=True)
class Flag:
    """A part `[start, end)` of a text that would be sent: it stands so in a document, or looks like a secret.

    `where`: the document's name, or the kind of secret.
    """

    kind: FlagKind
    start: int
    end: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What a person is asked before something leaves the machine: exactly `text` would be sent to `host`.

    `may_always`: whether this person may say yes for good. `may_change`: the call may change something there.
    """

    call: ToolCall
    tool: Tool
    host: str
    text: str = field(repr=False)
    flags: tuple[Flag, ...] = ()
    may_always: bool = False
    may_change: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """The person's word. `text` is what may be sent, edited or not. `is_always`: and from now on to this host."""

    is_given: bool
    text: str = field(default="", repr=False)
    is_always: bool = False


class Permission(StrEnum):
    """What the owner says about a tool for people of one role. `allow`: without asking, as long as nothing but the
    person's own words is in the conversation.
    """

    ALLOW = "allow"
    ASK = "ask"
    NEVER = "never"
