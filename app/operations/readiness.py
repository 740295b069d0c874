"""Whether the service can do its work, part by part, asked of all parts at once and within two seconds.

Anybody may ask, and so what is told names parts and no addresses; the log has the rest. A part that hangs is asked
again only once it has answered, however often somebody wants to know.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import text

from app.db.room import require_room
from app.engines.generators.reach import require_endpoint
from app.errors import CloisterError
from app.observe.logs import describe_error
from app.services import Services
from app.stopping import STOPPING
from ingest.presence import Role

PATIENCE_S: Final = 2.0
# Asking costs the engines something, and the question is open to everybody.
FRESH_S: Final = 1.0
log = logging.getLogger("cloister")


class Part(StrEnum):
    """What the service stands on."""

    DATABASE = "database"
    JOBS = "jobs' database"
    DISK = "disk"
    EMBEDDER = "embedding model"
    INDEX = "vector index"
    GENERATOR = "language model"


# Without one of these nothing can be answered here. Without the others people search, read and administer: a balancer
# that took every process away for a language model that they share would take that from them too.
NEEDED: Final = frozenset({Part.DATABASE, Part.JOBS, Part.EMBEDDER, Part.INDEX})


class State(StrEnum):
    """How a part stands."""

    OK = "ok"
    DOWN = "down"
    SLOW = "no answer"


@dataclass(frozen=True, slots=True)
class Standing:
    """A part and how it stands."""

    part: Part
    state: State


@dataclass(frozen=True, slots=True)
class Report:
    """Whether people should be sent here, one sentence (“ok” where all is well), and all parts.

    `standings` is empty while nothing is asked: at the start, and while it stops.
    """

    is_ready: bool
    sentence: str
    standings: tuple[Standing, ...] = ()


class Readiness:
    """Asks the parts of one service."""

    def __init__(self, services: Services, *, patience_s: float = PATIENCE_S, fresh_s: float = FRESH_S) -> None:
        self._services, self._patience_s, self._fresh_s = services, patience_s, fresh_s
        self._questions = {part: _Question(ask) for part, ask in _questions(services, patience_s)}
        self._lock = threading.Lock()
        self._report: tuple[Report, float] | None = None
        self._known_down: dict[Part, str] = {}

    def look(self) -> Report:
        """How it stands at this moment. Sync: call it in a thread; it takes `patience_s` at most."""
        if self._services.in_hand.is_stopping:
            return Report(False, STOPPING)
        try:
            self._services.require_ready()
        except CloisterError as exc:
            return Report(False, str(exc))
        with self._lock:
            if self._report is None or time.monotonic() > self._report[1]:
                self._report = (self._ask(), time.monotonic() + self._fresh_s)
            return self._report[0]

    def _ask(self) -> Report:
        give_up_at = time.monotonic() + self._patience_s
        for question in self._questions.values():
            question.begin()
        standings = []
        for part, question in self._questions.items():
            state, trouble = question.answer(give_up_at)
            self._write_down(part, trouble)
            standings.append(Standing(part, state))
        down = [each.part for each in standings if each.state is not State.OK]
        return Report(NEEDED.isdisjoint(down), _sentence(down), tuple(standings))

    def _write_down(self, part: Part, trouble: str) -> None:
        """A part that went away, or came back, is one line in the log each."""
        if trouble and part not in self._known_down:
            log.error("The %s does not answer: %s", part, trouble)
            self._known_down[part] = trouble
        elif not trouble and self._known_down.pop(part, ""):
            log.warning("The %s answers again.", part)


class _Question:
    """One question to one part, asked in a thread that may hang as long as it likes."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._done = threading.Event()
        self._done.set()
        self._trouble = ""

    def begin(self) -> None:
        """Ask, unless the last time was not answered yet."""
        if self._done.is_set():
            self._done.clear()
            threading.Thread(target=self._run, name="readiness", daemon=True).start()

    def answer(self, give_up_at: float) -> tuple[State, str]:
        """How the part stands, and what the log is told; waits until then at most."""
        if not self._done.wait(max(0.0, give_up_at - time.monotonic())):
            return State.SLOW, "it hangs"
        return (State.DOWN if self._trouble else State.OK), self._trouble

    def _run(self) -> None:
        try:
            self._ask()
            self._trouble = ""
        except CloisterError as exc:
            self._trouble = str(exc)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the part does not do its work; the log says what
            self._trouble = describe_error(exc)
        finally:
            self._done.set()


def _questions(services: Services, patience_s: float) -> Iterator[tuple[Part, Callable[[], None]]]:
    yield Part.DATABASE, lambda: _ask_database(services)
    yield Part.JOBS, lambda: services.ingest_line.require_answer()
    yield Part.DISK, lambda: require_room(services.settings.data_dir, services.settings.limits.min_free_mb)
    yield Part.EMBEDDER, lambda: _ask_embedder(services)
    yield Part.INDEX, lambda: _ask_index(services)
    if services.ingest_line.presence.role is not Role.WORKER:  # which answers nobody
        yield Part.GENERATOR, lambda: _ask_generator(services, patience_s)


def _ask_database(services: Services) -> None:
    with services.database.read() as session:
        session.execute(text("select 1"))


def _ask_embedder(services: Services) -> None:
    """One in this process is there or is not; an endpoint is asked for a word."""
    embedder = services.embedder.get()
    if services.settings.embedder.engine == "openai":
        embedder.embed_query("ready")


def _ask_index(services: Services) -> None:
    services.index.get().count()


def _ask_generator(services: Services, patience_s: float) -> None:
    if trouble := services.generator.trouble:
        raise trouble
    settings = services.settings.generator
    if settings.engine == "openai":
        outside = settings == services.configured_generator or services.settings.crawl.outside
        require_endpoint(settings, timeout_s=patience_s, outside=outside)


def _sentence(down: list[Part]) -> str:
    if not down:
        return "ok"
    if down == [Part.DISK]:
        return "The disk is nearly full: nothing is taken in until there is room (limits.min_free_mb)."
    names = ", ".join(f"the {part}" for part in down)
    verb = "does" if len(down) == 1 else "do"
    return f"{names[0].upper()}{names[1:]} {verb} not answer. Nothing stored is lost; the log says what is wrong."
