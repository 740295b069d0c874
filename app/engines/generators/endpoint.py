"""What stands behind an OpenAI-compatible address: its window, and how it counts tokens.

The OpenAI API tells neither. llama.cpp, vLLM and Ollama each have calls of their own that do.
"""

import logging
import re
from collections.abc import Sequence
from enum import StrEnum
from threading import Lock
from typing import Any

import httpx

from app.domain import Message
from app.engines.generators.connection import Connection, refusal, unreachable, well_formed
from app.engines.generators.pieces import as_dicts
from app.engines.generators.token_estimate import estimate_image_tokens, estimate_prompt_tokens
from app.errors import EngineUnavailable

log = logging.getLogger(__name__)

ASK_TIMEOUT_S = 15
# What Ollama loads a model with unless told otherwise, and the least that any chat model takes today.
FALLBACK_CONTEXT_TOKENS = 4096
# Statuses of a server that is loading, busy or broken.
PASSING = (408, 429, 500, 502, 503, 504)


class Kind(StrEnum):
    """The servers that count tokens for us, and all others."""

    LLAMA_CPP = "llama.cpp"
    VLLM = "vLLM"
    OTHER = "other"


class Endpoint:
    """Asks the server about itself at the first need, so that Cloister can start before it does."""

    def __init__(self, url: str, *, model: str, connection: Connection) -> None:
        self._url = url
        self._root = url.removesuffix("/v1")
        self._model = model
        self._connection = connection
        self._lock = Lock()
        self._known: tuple[Kind, int] | None = None

    def context_tokens(self) -> int:
        """The window that the server gives one conversation; 4,096, with a warning, where it does not tell."""
        with well_formed(self._url):
            return self._get_known()[1]

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the conversation: exact at llama.cpp and vLLM, elsewhere an estimate that is high."""
        with well_formed(self._url):
            return self._count(self._get_known()[0], messages)

    def close(self) -> None:
        """Free the connections."""
        self._connection.close()

    def _count(self, kind: Kind, messages: Sequence[Message]) -> int:
        return self._count_text(kind, messages) + estimate_image_tokens(messages)

    def _count_text(self, kind: Kind, messages: Sequence[Message]) -> int:
        turns = as_dicts(messages)
        match kind:
            case Kind.LLAMA_CPP:
                prompt = self._need("/apply-template", {"messages": turns})["prompt"]
                body = {"content": prompt, "add_special": True, "parse_special": True}
                return len(self._need("/tokenize", body)["tokens"])
            case Kind.VLLM:
                return int(self._need("/tokenize", {"model": self._model, "messages": turns})["count"])
            case Kind.OTHER:
                return estimate_prompt_tokens(messages)

    def _get_known(self) -> tuple[Kind, int]:
        with self._lock:
            if self._known is None:
                self._known = self._find_out()
            return self._known

    def _find_out(self) -> tuple[Kind, int]:
        models = self._ask("GET", f"{self._url}/models", needs_key=True)
        if window := _find_vllm_window(models, self._model):
            return Kind.VLLM, window
        if window := _find_llama_cpp_window(self._ask("GET", f"{self._root}/props")):
            return Kind.LLAMA_CPP, window
        if window := _find_ollama_window(self._ask("POST", f"{self._root}/api/show", {"model": self._model})):
            return Kind.OTHER, window
        log.warning(
            "The endpoint %s does not tell its window; %d tokens are assumed. Set generator.context_tokens to what it "
            "really has.",
            self._url,
            FALLBACK_CONTEXT_TOKENS,
        )
        return Kind.OTHER, FALLBACK_CONTEXT_TOKENS

    def _need(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._ask("POST", self._root + path, body, needs_key=True)
        if not answer:
            raise EngineUnavailable(
                f"The endpoint {self._url} does not count tokens ({path}), as it could when Cloister first asked it "
                "about itself. Start Cloister again if another server runs there now."
            )
        return answer

    def _ask(
        self, method: str, address: str, body: dict[str, Any] | None = None, *, needs_key: bool = False
    ) -> dict[str, Any]:
        """The JSON object at `address`, empty where the server knows no such call.

        A server that fails or is still loading raises: taking its silence for "no" would be remembered.
        """
        try:
            answer = self._connection.http.request(method, address, json=body)
            content = answer.json() if answer.status_code == httpx.codes.OK else {}
        except httpx.HTTPError as exc:
            raise unreachable(self._url, exc) from None
        except (ValueError, RecursionError):
            return {}
        if answer.status_code in PASSING or (needs_key and answer.status_code in (401, 403)):
            raise refusal(answer.status_code, url=self._url, model=self._model)
        return content if isinstance(content, dict) else {}


def _find_vllm_window(models: dict[str, Any], model: str) -> int | None:
    for entry in models.get("data") or ():
        if entry.get("id") == model and isinstance(entry.get("max_model_len"), int):
            return int(entry["max_model_len"])
    return None


def _find_llama_cpp_window(props: dict[str, Any]) -> int | None:
    window = (props.get("default_generation_settings") or {}).get("n_ctx")
    return window if isinstance(window, int) else None


def _find_ollama_window(card: dict[str, Any]) -> int | None:
    """`num_ctx` of the model's own settings.

    Not what the model was trained for: Ollama loads a smaller window than that, and drops the
    beginning of a longer prompt without a word.
    """
    found = re.search(r"^num_ctx\s+(\d+)", str(card.get("parameters") or ""), re.MULTILINE)
    return int(found[1]) if found else None
