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
from app.engines.generators.connection import MALFORMED, Connection, check_address, garbled, refusal, unreachable
from app.engines.generators.endpoint import ASK_TIMEOUT_S, Endpoint
from app.engines.generators.pieces import Deadline, Outlet, pump, room_for_answer, shape_of
from app.errors import CloisterError, GenerationTimeout, TextTooLong
from app.ports import Chosen
from app.settings import GeneratorSettings


class OpenAIGenerator:
    """A model at `generator.url`. Nothing is sent to any other host, and nothing until it is first used."""

    def __init__(self, settings: GeneratorSettings, guard: AddressGuard | None = None) -> None:
        """`guard`: which addresses may be connected to, for an endpoint that was not named in the settings."""
        # At DEBUG the vendor's client logs every request with its whole prompt.
        logging.getLogger("openai").setLevel(logging.INFO)
        self._settings = settings
        self._url = check_address(settings.url)
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
        deadline = Deadline(self._settings.timeout_s)
        # A connection of its own for each answer: cutting it must not disturb another one.
        connection = Connection(tls=self._tls, timeout_s=self._settings.timeout_s, guard=self._guard)
        extras = {**({"stop": list(stop)} if stop else {}), **shape_of(schema)}
        chosen = self._settings.temperature if temperature is None else temperature
        answer = partial(self._answer, connection, _Request(tuple(messages), max_tokens, chosen, extras))
        yield from pump(answer, deadline=deadline, cancelled=cancelled, interrupt=connection.cut)

    def choose(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        *,
        max_tokens: int,
        cancelled: Event | None = None,
    ) -> Chosen:
        """See `Generator.choose`."""
        raise NotImplementedError

    def close(self) -> None:
        """Free the connections. Calling twice is harmless."""
        self._endpoint.close()

    def _answer(self, connection: Connection, request: "_Request", outlet: Outlet) -> None:
        prompt_tokens = self.count_prompt_tokens(request.messages)
        room = room_for_answer(prompt_tokens, self.context_tokens, request.max_tokens)
        try:
            is_finished = _relay(self._build_model(connection, request, room), request.messages, outlet)
        except (openai.OpenAIError, httpx.HTTPError, *MALFORMED) as exc:
            # Not chained: an endpoint's message may repeat the prompt, and tracebacks reach the logs.
            raise self._translate(exc, prompt_tokens) from None
        finally:
            connection.close()
        if outlet.is_wanted and not is_finished:
            raise garbled(self._url)

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

    def _translate(self, exc: Exception, prompt_tokens: int) -> CloisterError:
        match exc:
            case openai.APITimeoutError() if isinstance(exc.__cause__, httpx.ConnectTimeout):
                return unreachable(self._url)
            case openai.APITimeoutError() | httpx.TimeoutException():
                return GenerationTimeout(
                    f"The endpoint {self._url} sent nothing for {self._settings.timeout_s} seconds. Try again when it "
                    "is less busy, or raise generator.timeout_s."
                )
            case openai.APIConnectionError() if isinstance(exc.__cause__, AddressRefused):
                return exc.__cause__
            case openai.APIConnectionError():
                return unreachable(self._url)
            case openai.APIStatusError() if _is_overflow(exc):
                return self._overflow(prompt_tokens)
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


@dataclass(frozen=True, slots=True)
class _Request:
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    extras: Mapping[str, Any]


def _relay(model: OpenAILike, messages: Sequence[Message], outlet: Outlet) -> bool:
    """Pass the answer on; whether it came to its end."""
    is_finished = False
    for step in model.stream_chat([_as_chat(message) for message in messages]):
        outlet.send(step.delta or "")
        is_finished = is_finished or any(choice.finish_reason is not None for choice in step.raw.choices)
        if not outlet.is_wanted:
            break
    return is_finished


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
