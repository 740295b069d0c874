"""Documents that are added in the chat: the message that follows their job, and its buttons.

The job is durable and does not need the chat. A message holds the job's id under JOB, so that it can be brought up
to date whenever its thread is opened again.
"""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Final

import chainlit as cl
from chainlit.types import ThreadDict

from app.domain import Job
from app.errors import CloisterError, NotFound
from app.web.chat.backend import ChatBackend
from app.web.chat.progress import FEW, can_retry, render_outcome, render_progress, wants_password
from app.web.chat.words import Words, words_for

log = logging.getLogger(__name__)

# Under these keys a message keeps the job that it follows, and that it shows how that ended.
JOB: Final = "job"
IS_OVER: Final = "job_is_over"
CANCEL, RETRY, UNLOCK = "cancel_job", "retry_job", "unlock_job"
# What the page's script listens for (static/chat.js).
ASK: Final = "cloister-unlock"
PATIENCE_S: Final = 600
SOON_S, LATER_S = 0.3, 1.0
_tasks: set[asyncio.Task[Any]] = set()


def register_actions(backend: ChatBackend) -> None:
    """Put the buttons' handlers in place. What a button asks for is checked by the backend, against the person."""

    @cl.action_callback(CANCEL)
    async def cancel(action: cl.Action) -> None:
        await _or_say_why(backend.cancel_job(_job_id(action), _user_id()))

    @cl.action_callback(RETRY)
    async def retry(action: cl.Action) -> None:
        new_id = await _or_say_why(backend.retry_job(_job_id(action), _user_id()))
        if new_id:
            await _follow_next(backend, action, new_id)

    @cl.action_callback(UNLOCK)
    async def unlock(action: cl.Action) -> None:
        # The page asks, and sends what it was told to the API: the password never passes through the chat.
        _spawn(_retry_in_browser(backend, action))


async def follow_job(backend: ChatBackend, job_id: str) -> asyncio.Task[None]:
    """Send a message that shows how far a job is until it is over; the task ends with the job."""
    following = _Following(backend, cl.Message("", metadata={JOB: job_id}), job_id)
    await following.begin()
    return _spawn(following.run())


async def take_up(backend: ChatBackend, thread: ThreadDict) -> None:
    """Bring the messages of a thread that is opened again up to date, and give them their buttons back."""
    for step in thread["steps"]:
        metadata: dict[str, Any] = step.get("metadata") or {}
        if JOB not in metadata:
            continue
        following = _Following(backend, cl.Message.from_dict(step), str(metadata[JOB]))
        await following.look()
        step["output"], step["metadata"] = following.message.content, following.message.metadata
        if not following.is_over:
            _spawn(following.run())


class _Following:
    """A message and the job that it shows."""

    def __init__(self, backend: ChatBackend, message: Any, job_id: str) -> None:
        self._backend = backend
        self._job_id = job_id
        self._words: Words = words_for(_session().language)
        self._job: Job | None = None
        self._actions: list[cl.Action] = []
        self.message = message

    @property
    def is_over(self) -> bool:
        return bool(self.message.metadata.get(IS_OVER))

    async def begin(self) -> None:
        await self._load()
        self.message.content = self._render()
        await self.message.send()
        await self._show_actions([self._button(CANCEL, self._words.adding.cancel)])

    async def run(self) -> None:
        """Look again and again until the job is over."""
        wait_s = SOON_S
        while not self.is_over:
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 1.2, LATER_S)
            shown = self.message.content
            await self.look()
            if not self.is_over and self.message.content != shown:
                # Seen, not stored: the last one is.
                await cl.context.emitter.update_step(self.message.to_dict())

    async def look(self) -> None:
        """Bring the message up to date once; the end of the job is stored."""
        try:
            await self._load()
        except NotFound:
            if not self.is_over:
                await self._end(self._words.adding.job_gone)
            return
        if self._job is None or self._job.finished_at is None:
            self.message.content = self._render()
            if not self._actions:
                await self._show_actions([self._button(CANCEL, self._words.adding.cancel)])
            return
        if not self.is_over:
            await self._end(render_outcome(self._job, self._words))
        await self._show_actions(self._ways_on(self._job))

    async def _load(self) -> None:
        """The job, with its documents where they are few or all has ended."""
        user_id = _user_id()
        job = await self._backend.get_job(self._job_id, user_id, with_items=False)
        if job.total <= FEW or job.finished_at is not None:
            job = await self._backend.get_job(self._job_id, user_id, with_items=True)
        self._job = job

    async def _end(self, text: str) -> None:
        self.message.content = text
        self.message.metadata = {**self.message.metadata, IS_OVER: True}
        await self._show_actions([])
        await self.message.update()

    def _render(self) -> str:
        return render_progress(self._job, datetime.now(UTC), self._words) if self._job else ""

    def _ways_on(self, job: Job) -> list[cl.Action]:
        if not can_retry(job):
            return []
        asks = [self._button(UNLOCK, self._words.adding.unlock)] if wants_password(job) else []
        return [*asks, self._button(RETRY, self._words.adding.retry)]

    def _button(self, name: str, label: str) -> cl.Action:
        payload = {JOB: self._job_id}
        return cl.Action(name=name, payload=payload, label=label, id=f"{name}-{self.message.id}")

    async def _show_actions(self, actions: list[cl.Action]) -> None:
        for old in self._actions:
            await _remove(old)
        self._actions = actions
        for action in actions:
            await action.send(for_id=self.message.id)


async def _retry_in_browser(backend: ChatBackend, action: cl.Action) -> None:
    words = words_for(_session().language)
    labels = {
        "title": words.adding.unlock,
        "field": words.adding.unlock_field,
        "hint": words.adding.unlock_hint,
        "submit": words.adding.submit,
        "cancel": words.adding.go_back,
    }
    answer: Any = await cl.context.emitter.send_call_fn(
        ASK, {"job": _job_id(action), "labels": labels}, timeout=PATIENCE_S
    )
    new_id = answer.get(JOB) if isinstance(answer, dict) else None
    if isinstance(new_id, str):
        await _follow_next(backend, action, new_id)


async def _follow_next(backend: ChatBackend, action: cl.Action, job_id: str) -> None:
    """The old job's buttons go; a new message follows the new one."""
    message_id = action.id.removeprefix(f"{action.name}-")
    for name in (UNLOCK, RETRY):
        await _remove(cl.Action(name=name, payload={}, id=f"{name}-{message_id}"))
    await _or_say_why(follow_job(backend, job_id))


async def _or_say_why(work: Coroutine[Any, Any, Any]) -> Any:
    """What the work gives; what it refuses is said as a message, and gives None."""
    try:
        return await work
    except CloisterError as exc:
        sorry: Any = cl.Message(str(exc))
        await sorry.send()
        return None


def _spawn(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start a task that goes on when the call that started it has ended."""
    task = asyncio.create_task(work)
    _tasks.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()):
        # The job goes on, and its message is brought up to date when the thread is opened again.
        log.error("A job could not be followed any more: %s", type(error).__name__)


async def _remove(action: Any) -> None:
    await action.remove()


def _job_id(action: cl.Action) -> str:
    return str(action.payload.get(JOB, ""))


def _session() -> Any:
    return cl.context.session


def _user_id() -> str:
    return str(_session().user.identifier)
