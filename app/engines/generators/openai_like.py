"""A language model at any endpoint that speaks the OpenAI chat API, through llama-index's OpenAILike."""

import logging
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any

import httpx
import openai
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

from app.domain import Message, ToolSpec
from app.egress.addresses import AddressGuard, AddressRefused
from app.engines.endpoint import check_address
from app.engines.generators.connection import MALFORMED, Connection, garbled, refusal, unreachable
from app.engines.generators.endpoint import ASK_TIMEOUT_S, Endpoint
from app.engines.generators.grammar_calls import choose_by_grammar
from app.engines.generators.native_calls import CallReader, as_request, refuses_tools
from app.engines.generators.pieces import Deadline, Outlet, Voice, pump, room_for_answer, shape_of
from app.errors import CloisterError, EngineUnavailable, GenerationTimeout, TextTooLong
from app.ports import Chosen
from app.settings import CallsBy, GeneratorSettings

log = logging.getLogger(__name__)


class OpenAIGenerator:
    """A model at `generator.url`. Nothing is sent to any other host, and nothing until it is first used."""

    def __init__(self, settings: GeneratorSettings, guard: AddressGuard | None = None, calls: CallsBy = "auto") -> None:
        """`guard`: which addresses may be connected to, for an endpoint that was not named in the settings. `calls`:
        how it chooses tools.
        """
        # At DEBUG the vendor's client logs every request with its whole prompt.
        logging.getLogger("openai").setLevel(logging.INFO)
        self._settings = settings
        self._calls = calls
        self._refuses_tools = False
        self._thinks = settings.thinks
        self._url = check_address(settings.url, "generator", example="http://127.0.0.1:11434/v1")
        self._api_key = settings.api_key.get_secret_value()
        self._tls = ssl.create_default_context()
        self._guard = guard
        about = Connection(tls=self._tls, timeout_s=ASK_TIMEOUT_S, api_key=self._api_key, guard=guard)
        self._endpoint = Endpoint(self._url, model=settings.model, connection=about)

    @property
    def model_id(self) -> str:
        """The model's name at the endpoint."""
        return self._settings.model

    @property
    def context_tokens(self) -> int:
        """The setting, or else what the endpoint tells, or else 4,096 with a warning. Raises EngineUnavailable."""
        return self._settings.context_tokens or self._endpoint.context_tokens()

    @property
    def control_tokens(self) -> Sequence[str]:
        """None: an endpoint does not tell them."""
        return ()

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Exact at llama.cpp and vLLM, elsewhere an estimate that is high. Raises EngineUnavailable."""
        return self._endpoint.count(messages)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Event | None = None,
        schema: Mapping[str, Any] | None = None,
        temperature: float | None = None,
    ) -> Iterator[str]:
        """See `Generator.stream`. The time limit counts from the first piece asked for."""
        extras = {**({"stop": list(stop)} if stop else {}), **shape_of(schema)}
        chosen = self._settings.temperature if temperature is None else temperature
        request = _Request(tuple(messages), max_tokens, chosen, extras, keeps_thoughts=schema is None)
        yield from self._pump(request, CallReader(), cancelled)

    def choose(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        *,
        max_tokens: int,
        cancelled: Event | None = None,
    ) -> Chosen:
        """See `Generator.choose`. An endpoint that takes no tool calls is asked by a grammar from then on."""
        if not tools or self._calls == "off":
            return Chosen()
        if self._calls != "grammar" and not self._refuses_tools:
            try:
                return self._choose_natively(messages, tools, max_tokens=max_tokens, cancelled=cancelled)
            except ToolsRefused:
                if self._calls == "native":
                    raise
        chosen = choose_by_grammar(self, messages, tools, max_tokens=max_tokens, cancelled=cancelled)
        if self._calls != "grammar" and not self._refuses_tools:
            # Only now it is certain that the tools were what it refused.
            self._refuses_tools = True
            log.info("The endpoint %s takes no tool calls; it is asked for them by a grammar from now on.", self._url)
        return chosen

    def close(self) -> None:
        """Free the connections. Calling twice is harmless."""
        self._endpoint.close()

    def _choose_natively(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, max_tokens: int, cancelled: Event | None
    ) -> Chosen:
        reader = CallReader()
        request = _Request(tuple(messages), max_tokens, 0.0, as_request(tools), keeps_thoughts=False)
        text = "".join(self._pump(request, reader, cancelled))
        if cancelled is not None and cancelled.is_set():
            return Chosen()
        return reader.chosen(text, [tool.name for tool in tools])

    def _pump(self, request: "_Request", calls: CallReader, cancelled: Event | None) -> Iterator[str]:
        deadline = Deadline(self._settings.timeout_s)
        # A connection of its own for each answer: cutting it must not disturb another one.
        connection = Connection(tls=self._tls, timeout_s=self._settings.timeout_s, guard=self._guard)
        answer = partial(self._answer, connection, request, calls)
        yield from pump(answer, deadline=deadline, cancelled=cancelled, interrupt=connection.cut)

    def _answer(self, connection: Connection, request: "_Request", calls: CallReader, outlet: Outlet) -> None:
        try:
            gave_up_thinking = self._relay(connection, request, calls, outlet)
            if gave_up_thinking and not self._thinks and outlet.is_wanted:
                # Its thoughts took the room of the answer. It has more from now on, and another try.
                self._thinks = True
                self._relay(connection, request, calls, outlet)
        finally:
            connection.close()

    def _relay(self, connection: Connection, request: "_Request", calls: CallReader, outlet: Outlet) -> bool:
        """Pass the answer on; whether the model thought until there was no room left."""
        prompt_tokens = self.count_prompt_tokens(request.messages)
        wanted = request.max_tokens + (self._settings.thinking_tokens if self._thinks else 0)
        room = room_for_answer(prompt_tokens, self.context_tokens, wanted)
        most = request.max_tokens if self._thinks else None
        voice = Voice(outlet, keeps_thoughts=request.keeps_thoughts, most=most)
        try:
            ending = _speak(self._build_model(connection, request, room), request.messages, voice, calls)
        except (openai.OpenAIError, httpx.HTTPError, *MALFORMED) as exc:
            # Not chained: an endpoint's message may repeat the prompt, and tracebacks reach the logs.
            raise self._translate(exc, prompt_tokens, has_tools="tools" in request.extras) from None
        if voice.is_wanted and not ending:
            raise garbled(self._url)
        return ending == "length" and voice.has_thought and not voice.has_said

    def _build_model(self, connection: Connection, request: "_Request", max_tokens: int) -> OpenAILike:
        return OpenAILike(
            model=self._settings.model,
            api_base=self._url,
            # Without one the client would take OPENAI_API_KEY from the environment and send it here.
            api_key=self._api_key or "none",
            is_chat_model=True,
            temperature=request.temperature,
            max_tokens=max_tokens,
            # A person waits and can ask again; repeating by itself makes a busy server busier.
            max_retries=0,
            timeout=self._settings.timeout_s,
            http_client=connection.http,
            additional_kwargs=dict(request.extras),
        )

    def _translate(self, exc: Exception, prompt_tokens: int, *, has_tools: bool) -> CloisterError:
        match exc:
            case openai.APITimeoutError() if isinstance(exc.__cause__, httpx.ConnectTimeout):
                return unreachable(self._url, exc)
            case openai.APITimeoutError() | httpx.TimeoutException():
                return GenerationTimeout(
                    f"The endpoint {self._url} sent nothing for {self._settings.timeout_s} seconds. Try again when it "
                    "is less busy, or raise generator.timeout_s."
                )
            case openai.APIConnectionError() if isinstance(exc.__cause__, AddressRefused):
                return exc.__cause__
            case openai.APIConnectionError():
                return unreachable(self._url, exc)
            case openai.APIStatusError() if _is_overflow(exc):
                return self._overflow(prompt_tokens)
            case openai.APIStatusError() if has_tools and refuses_tools(exc):
                return ToolsRefused(
                    f"The endpoint {self._url} does not take tool calls (HTTP {exc.status_code}). Set tools.calls to "
                    "grammar or auto."
                )
            case openai.APIStatusError():
                return refusal(exc.status_code, url=self._url, model=self._settings.model)
            case _:
                return garbled(self._url)

    def _overflow(self, prompt_tokens: int) -> TextTooLong:
        limit = self.context_tokens
        return TextTooLong(
            f"The endpoint {self._url} says that the conversation is longer than its window. Cloister counted "
            f"{prompt_tokens} tokens for a window of {limit}: set generator.context_tokens to what the endpoint "
            "really has.",
            tokens=prompt_tokens,
            max_tokens=limit,
        )


class ToolsRefused(EngineUnavailable):
    """The endpoint answers, but not where tools are offered."""


@dataclass(frozen=True, slots=True)
class _Request:
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    extras: Mapping[str, Any]
    keeps_thoughts: bool


def _speak(model: OpenAILike, messages: Sequence[Message], voice: Voice, calls: CallReader) -> str:
    """Pass the answer on; why it ended, "" where it did not come to its end."""
    ending = ""
    for step in model.stream_chat([_as_chat(message) for message in messages]):
        voice.think(step.additional_kwargs.get("thinking_delta") or "")
        voice.say(step.delta or "")
        for choice in step.raw.choices:
            calls.feed(choice.delta.tool_calls or ())
            ending = choice.finish_reason or ending
        if not voice.is_wanted:
            break
    return ending


def _as_chat(message: Message) -> ChatMessage:
    """A message; a picture goes with it as a data URI, after its text."""
    if message.image is None:
        return ChatMessage(role=message.role.value, content=message.text)
    blocks = [TextBlock(text=message.text), ImageBlock(image=message.image)]
    return ChatMessage(role=message.role.value, blocks=blocks)


def _is_overflow(exc: openai.APIStatusError) -> bool:
    """The three spellings of "too long": OpenAI's, llama.cpp's, and vLLM's, which has only a sentence."""
    if exc.status_code not in (400, 413):
        return False
    signs = ("context_length_exceeded", "exceed_context_size_error", "maximum context length")
    return any(sign in str(exc.body) for sign in signs)
