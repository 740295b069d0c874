"""What `/v1` answers: models, completions and the pieces of a stream."""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from app.domain import Answer, CallRecord, ToolCall, Usage
from app.operations.completions import ServedModel
from app.web.api.models.answers import CallOut, CitationOut, StatementOut, TableResultOut, Timings
from app.web.api.models.base import Model
from app.web.openai.annotations import Annotation, annotate

FinishReason = Literal["stop", "length", "tool_calls"]


class ModelOut(Model):
    """`description` is an extension: what the assistant's admin says of it."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["cloister"] = "cloister"
    description: str = ""

    @classmethod
    def of(cls, model: ServedModel) -> "ModelOut":
        created = int(model.created_at.timestamp()) if model.created_at else 0
        return cls(id=model.id, created=created, description=model.description)


class ModelList(Model):
    object: Literal["list"] = "list"
    data: list[ModelOut]


class FunctionOut(Model):
    """`arguments`: JSON as the language model wrote it; check it before you call anything."""

    name: str
    arguments: str


class ToolCallOut(Model):
    id: str
    type: Literal["function"] = "function"
    function: FunctionOut

    @classmethod
    def of(cls, call: ToolCall) -> "ToolCallOut":
        arguments = json.dumps(dict(call.arguments), ensure_ascii=False, default=str)
        return cls(id=call.id, function=FunctionOut(name=call.name, arguments=arguments))


class MessageOut(Model):
    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    annotations: list[Annotation] = Field(default_factory=list)
    tool_calls: list[ToolCallOut] | None = None


class ChoiceOut(Model):
    index: int = 0
    message: MessageOut
    finish_reason: FinishReason
    logprobs: None = None


class UsageOut(Model):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def find(cls, usage: Usage | None) -> "UsageOut | None":
        """None where the language model did not tell."""
        if usage is None:
            return None
        read, written = usage.prompt_tokens, usage.written_tokens
        return cls(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class CloisterOut(Model):
    """What the OpenAI API has no place for, as `POST /api/v1/ask` tells it. `abstained`: the documents do not hold the
    answer, and the text says so. `ignored`: the parameters of the request that had no effect.
    """

    citations: list[CitationOut]
    statements: list[StatementOut]
    abstained: bool
    table: TableResultOut | None
    calls: list[CallOut]
    model: str
    timings_ms: Timings
    ignored: list[str]

    @classmethod
    def of(cls, answer: Answer, calls: Sequence[CallRecord], ignored: Sequence[str]) -> "CloisterOut":
        return cls(
            citations=[CitationOut.of(each) for each in answer.citations],
            statements=[StatementOut.of(each) for each in answer.statements],
            abstained=answer.abstained,
            table=TableResultOut.of(answer.table) if answer.table else None,
            calls=[CallOut.of(each) for each in calls],
            model=answer.model,
            timings_ms=Timings(**answer.timings_ms),
            ignored=list(ignored),
        )


class CompletionOut(Model):
    """`usage`: null where it cannot be counted. `cloister`: an extension; null where functions are to be called."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChoiceOut]
    usage: UsageOut | None
    cloister: CloisterOut | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer's head, and all that is made of it."""

    model: str
    service_url: str
    ignored: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def answered(self, answer: Answer, calls: Sequence[CallRecord]) -> CompletionOut:
        """The whole answer at once."""
        message = MessageOut(content=answer.text, annotations=annotate(answer, self.service_url))
        extension = CloisterOut.of(answer, calls, self.ignored)
        return self._completion(message, finish_reason(answer), usage_of(answer), extension)

    def wanting(self, calls: Sequence[ToolCall]) -> CompletionOut:
        """Instead of an answer, the functions that are to be called. What the choice took is not told."""
        message = MessageOut(content=None, tool_calls=[ToolCallOut.of(call) for call in calls])
        return self._completion(message, "tool_calls", None, None)

    def chunk(self, delta: dict[str, Any], finish: FinishReason | None = None, **more: Any) -> str:
        """A piece of a stream, as JSON."""
        choices = [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        return self._as_json(choices, more)

    def usage_chunk(self, usage: UsageOut | None) -> str:
        """The last piece of a stream whose usage was asked for."""
        return self._as_json([], {"usage": usage.model_dump() if usage else None})

    def _as_json(self, choices: list[dict[str, Any]], more: dict[str, Any]) -> str:
        head = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model}
        return json.dumps({**head, "choices": choices, **more}, ensure_ascii=False)

    def _completion(
        self, message: MessageOut, finish: FinishReason, usage: UsageOut | None, extension: CloisterOut | None
    ) -> CompletionOut:
        return CompletionOut(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[ChoiceOut(message=message, finish_reason=finish)],
            usage=usage,
            cloister=extension,
        )


def finish_reason(answer: Answer) -> FinishReason:
    """“length” where the model was stopped by the most that it may write, and its words are the answer."""
    return "length" if answer.model and answer.usage and answer.usage.is_cut else "stop"


def usage_of(answer: Answer) -> UsageOut | None:
    """What the language model read and wrote: nothing, where none was asked to write."""
    asked_none = answer.usage is None and not answer.timings_ms.get("prompt")
    return UsageOut.find(Usage(0, 0) if asked_none else answer.usage)
