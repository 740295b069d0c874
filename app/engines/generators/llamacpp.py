"""The embedded language model: llama.cpp in this process, through xllamacpp.

Answers are computed by a direct call. Counting tokens exactly is possible only through xllamacpp's
built-in HTTP server, which cannot be switched off and by default lets every web page in the owner's
browser call it. It listens on a Unix socket in a folder that only this user can enter: no network
port is opened, and no browser reaches a Unix socket.
"""

import atexit
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any

import httpx
import xllamacpp  # type: ignore[import-untyped]

from app.domain import Message, ToolSpec
from app.engines.generators.grammar_calls import choose_by_grammar
from app.engines.generators.pieces import Deadline, Outlet, Voice, as_dicts, pump, room_for_answer, shape_of
from app.engines.gguf import read_control_tokens
from app.engines.model_files import PACKAGE_PREFIX, get_gguf_file
from app.errors import EngineUnavailable, Rejected, SettingsError
from app.ports import Chosen
from app.settings import CallsBy, GeneratorSettings

log = logging.getLogger("cloister")
# Prompt tokens computed between two looks at `cancelled`: under a second of work for a small model on
# one core. Measured on a 1,031-token prompt: 6.7 s with 128 and with the vendor's 2,048.
CPU_BATCH_TOKENS = 128
# Other conversations' prompts kept ready for their next question; the vendor's default is 8 GiB.
PROMPT_CACHE_MIB = 512
COUNT_TIMEOUT_S = 30
# The shortest limit among the systems we run on (macOS).
MAX_SOCKET_PATH_BYTES = 103


class LlamaCppGenerator:
    """A GGUF model in this process. The constructor loads it, which takes seconds to minutes.

    One answer is computed at a time and may fill the whole window; others wait their turn. Sharing the
    window between several at once could make any of them fail in the middle of an answer.
    """

    def __init__(self, settings: GeneratorSettings, calls: CallsBy = "auto") -> None:
        """`calls`: how it chooses tools; always by a grammar, unless they are off."""
        self._settings = settings
        is_bundled = settings.model.startswith(PACKAGE_PREFIX)
        # The small model that is installed with Cloister chooses at random (bench tools): people call tools there.
        self._chooses = calls != "off" and not (calls == "auto" and is_bundled)
        self._path = get_gguf_file(settings.model)
        self._control_tokens = _control_tokens(self._path)
        self._turn = Lock()
        self._closing = Event()
        self._folder = tempfile.TemporaryDirectory(prefix="llm-")  # made with mode 0700
        socket = _get_socket_path(self._folder.name)
        self._server: Any = _load(self._path, settings, socket)
        # A kept-alive connection would occupy one of the server's threads between two counts.
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket), limits=httpx.Limits(max_keepalive_connections=0)),
            base_url="http://llama",
            timeout=COUNT_TIMEOUT_S,
            trust_env=False,
        )
        self._context_tokens = self._read_context_tokens()
        # Python may not stop while llama.cpp computes: the process would abort.
        atexit.register(self.close)

    @property
    def model_id(self) -> str:
        """The file's name without its ending."""
        return self._path.stem

    @property
    def context_tokens(self) -> int:
        """Window of one conversation: the setting, at most what the model was trained for."""
        return self._context_tokens

    @property
    def control_tokens(self) -> Sequence[str]:
        """As the file's vocabulary marks them."""
        return self._control_tokens

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Exact: the model's own chat template and tokenizer. About 4 ms for a thousand tokens."""
        path, body = "/v1/chat/completions/input_tokens", {"messages": as_dicts(messages)}
        return int(self._ask("POST", path, body)["input_tokens"])

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
        """See `Generator.stream`. The time limit counts from the first piece asked for, waiting included."""
        deadline = Deadline(self._settings.timeout_s)
        thinks = self._settings.thinks and schema is None
        wanted = max_tokens + (self._settings.thinking_tokens if thinks else 0)
        room = room_for_answer(self.count_prompt_tokens(messages), self._context_tokens, wanted)
        request = {
            "messages": as_dicts(messages),
            "max_tokens": room,
            "temperature": self._settings.temperature if temperature is None else temperature,
            "stop": list(stop),
            "stream": True,
            "cache_prompt": True,
            # Reports after each batch of the prompt: the only moments at which it can be stopped.
            "return_progress": True,
            # Words of a given shape leave no place for thoughts.
            **({"chat_template_kwargs": {"enable_thinking": thinks}} if self._settings.thinks else {}),
            **shape_of(schema),
        }
        answer = partial(self._answer, request, max_tokens if thinks else None)
        yield from pump(answer, deadline=deadline, cancelled=cancelled)

    def choose(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        *,
        max_tokens: int,
        cancelled: Event | None = None,
        must: bool = False,
    ) -> Chosen:
        """See `Generator.choose`. The model that is installed with Cloister is asked only where a setting says so."""
        if not self._chooses:
            return Chosen()
        return choose_by_grammar(self, messages, tools, max_tokens=max_tokens, cancelled=cancelled, must=must)

    def close(self) -> None:
        """Stop the running answer and free the model. Calling twice is harmless."""
        self._closing.set()
        with self._turn:
            self._server = None
            self._http.close()
            self._folder.cleanup()
        atexit.unregister(self.close)

    def _answer(self, request: dict[str, Any], most: int | None, outlet: Outlet) -> None:
        voice = Voice(outlet, most=most)
        reader = _ChunkReader(voice, self._closing)
        with self._turn:
            if not outlet.is_wanted:
                return
            if self._closing.is_set():
                raise EngineUnavailable("The language model has been shut down; start Cloister again.")
            try:
                self._server.handle_chat_completions(request, reader.read)
            except (RuntimeError, ValueError):
                # Not chained: llama.cpp's messages may repeat the prompt, and tracebacks reach the logs.
                raise _refused(self._path) from None
        if voice.is_wanted and not reader.is_finished:
            raise _refused(self._path)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if self._closing.is_set():
            raise EngineUnavailable("The language model has been shut down; start Cloister again.")
        try:
            answer = self._http.request(method, path, json=body).raise_for_status().json()
        except (httpx.HTTPError, RuntimeError, ValueError):
            raise _refused(self._path) from None
        return dict(answer)

    def _read_context_tokens(self) -> int:
        window = int(self._ask("GET", "/props")["default_generation_settings"]["n_ctx"])
        # llama.cpp rounds the window up to a multiple of 256.
        return min(window, self._settings.context_tokens or window)


class _ChunkReader:
    """Takes llama.cpp's chunks. It must not raise: xllamacpp drops exceptions of a callback."""

    def __init__(self, voice: Voice, closing: Event) -> None:
        self._voice = voice
        self._closing = closing
        self.is_finished = False

    def read(self, chunk: dict[str, Any]) -> bool:
        """Pass the chunk's text on; True ends the computation."""
        for choice in chunk.get("choices", ()):
            delta = choice.get("delta", {})
            self._voice.think(delta.get("reasoning_content") or "")
            self._voice.say(delta.get("content") or "")
            self.is_finished = self.is_finished or choice.get("finish_reason") is not None
        return "error" in chunk or self._closing.is_set() or not self._voice.is_wanted


def _control_tokens(path: Path) -> tuple[str, ...]:
    try:
        return read_control_tokens(path)
    except Rejected as exc:  # llama.cpp may still read it, and says so better where it cannot
        log.warning("The marks of the model's own are not known, those of other models are: %s", exc)
        return ()


def _get_socket_path(folder: str) -> Path:
    path = Path(folder) / "llama.sock"
    if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
        raise SettingsError(f"The path of the temporary folder {folder} is too long; set TMPDIR to a shorter one.")
    return path


def _load(path: Path, settings: GeneratorSettings, socket: Path) -> Any:
    threads = settings.threads or max(1, (os.cpu_count() or 2) - 1)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = settings.context_tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.n_gpu_layers = settings.gpu_layers
    if not settings.gpu_layers:
        params.n_batch = CPU_BATCH_TOKENS
        params.n_ubatch = CPU_BATCH_TOKENS
    params.cache_ram_mib = PROMPT_CACHE_MIB
    # Without room of its own, a model that thinks first would spend the few hundred tokens of an answer on it.
    params.enable_reasoning = int(settings.thinks)
    params.hostnames = [str(socket)]
    params.ui = False
    params.endpoint_slots = False
    # Below llama.cpp's lowest level: its log lines may hold prompts.
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as exc:
        raise EngineUnavailable(
            f"llama.cpp cannot load {path}: the file is damaged, is no GGUF language model, or needs more memory "
            "than is free. Download it again, name another one in generator.model, or lower generator.context_tokens."
        ) from exc


def _refused(path: Path) -> EngineUnavailable:
    return EngineUnavailable(
        f"llama.cpp gave no answer with {path.name}. Ask again; if it stays so, the model's chat template does not "
        "take such a conversation: name another one in generator.model."
    )
