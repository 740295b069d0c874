"""A chat page without a browser: the same socket and the same messages."""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

import httpx
import socketio  # type: ignore[import-untyped]

ANSWER_S: Final = 120.0


@dataclass(slots=True)
class Shown:
    """Milliseconds from sending a question until its first word and until its end, and what went wrong."""

    first_word: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class ChatPage:
    """One signed-in page. `ask` is for one thread."""

    def __init__(self, url: str, name: str, password: str) -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            client.post("/login", data={"username": name, "password": password}).raise_for_status()
            cookies = "; ".join(f"{key}={value}" for key, value in client.cookies.items())
        self._first, self._ended, self.is_ready = threading.Event(), threading.Event(), threading.Event()
        self._socket = socketio.Client(reconnection=False)
        self._socket.on("*", self._hear)
        auth = {"sessionId": str(uuid.uuid4()), "clientType": "webapp", "userEnv": "{}"}
        self._socket.connect(
            url, headers={"Cookie": cookies}, auth=auth, socketio_path="/ws/socket.io", transports=["websocket"]
        )
        self._socket.emit("connection_successful")

    def _hear(self, event: str, *_: Any) -> None:
        if event == "stream_token":
            self._first.set()
        elif event == "task_end":
            self._ended.set()

    def ask(self, question: str, shown: Shown) -> None:
        """One question to its end."""
        self._first.clear()
        began = time.perf_counter()
        now = datetime.now(UTC).isoformat()
        message = {"id": str(uuid.uuid4()), "name": "bench", "type": "user_message", "output": question}
        self._ended.clear()
        self._socket.emit("client_message", {"message": {**message, "createdAt": now}, "fileReferences": []})
        if not self._first.wait(ANSWER_S):
            shown.errors.append("no word in the chat")
            return
        shown.first_word.append(1000 * (time.perf_counter() - began))
        if not self._ended.wait(ANSWER_S):
            shown.errors.append("no end in the chat")
            return
        shown.end.append(1000 * (time.perf_counter() - began))

    def close(self) -> None:
        """Leave the page."""
        self._socket.disconnect()


def chat_along(pages: Sequence[ChatPage], questions: Sequence[str], is_over: threading.Event, thinks_s: float) -> Shown:
    """Let every page ask, one question after the other, until it is over."""
    shown = Shown()

    def go_on(page: ChatPage, seed: int) -> None:
        chance = Random(seed)
        while not is_over.is_set():
            page.ask(chance.choice(questions), shown)
            is_over.wait(chance.uniform(0.5, 1.5) * thinks_s)

    threads = [threading.Thread(target=go_on, args=(page, n)) for n, page in enumerate(pages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return shown
