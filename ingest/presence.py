"""The processes of one service: each says that it is here, and one that works takes up what a dead one had begun.

Nobody compares clocks. A process is dead when its row was not touched for a while *as this process has watched it*;
one of the same machine, at once when it does not run any more. After the database was away nobody is judged before
everybody had the time to be seen again. Who was given up learns of it at its next look, and stops.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Final

from app.db import processes, revisions
from app.db.serving_tables import ServiceProcess
from app.db.session import Database
from app.errors import StoreAway
from ingest.shared_folder import SharedFolder
from ingest.whereabouts import find_own, is_known_dead

SEEN_EVERY_S: Final = 2.0
# Long enough for a machine that is short of memory, short enough for whoever waits for a document.
DEAD_AFTER_S: Final = 30.0
log = logging.getLogger("cloister")


class Role:
    """What a process does: answers people, takes documents in, or both."""

    WEB: Final = "web"
    WORKER: Final = "worker"
    BOTH: Final = "web and worker"
    AT_WORK: Final = (WORKER, BOTH)


@dataclass(slots=True)
class Watch:
    """Who was seen when, by this process's own clock (seconds)."""

    patience_s: float = DEAD_AFTER_S
    seen: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    looked_at: float = 0.0

    def find_dead(self, others: Sequence[ServiceProcess], now: float) -> list[ServiceProcess]:
        """Those that were not touched for too long. After a gap in watching, everybody begins anew."""
        if now - self.looked_at > self.patience_s / 2:
            self.seen.clear()
        self.looked_at = now
        self.seen = {each.id: self._since(each, now) for each in others}
        return [each for each in others if now - self.seen[each.id][1] > self.patience_s]

    def _since(self, process: ServiceProcess, now: float) -> tuple[datetime, float]:
        before = self.seen.get(process.id)
        return before if before and before[0] == process.seen_at else (process.seen_at, now)


class Presence:
    """This process among the others. `take_up` is given the names of dead ones; it may be called twice for one.

    `catch_up` is told what other processes have changed. `stop` ends this process, in order: others have its work.
    With SQLite there are no others, and nothing is watched.
    """

    def __init__(self, database: Database, folder: SharedFolder) -> None:
        self._database, self._folder = database, folder
        self.id = find_own().as_id()
        self.role = Role.BOTH
        self.take_up: Callable[[Sequence[str]], None] = lambda _: None
        self.catch_up: Callable[[Collection[str]], None] = lambda _: None
        self.stop: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGTERM)
        self._watch = Watch()
        with database.read() as session:
            self._known = revisions.read_all(session)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def works(self) -> bool:
        """Whether this process takes documents in."""
        return self.role in Role.AT_WORK

    def enter(self) -> None:
        """Say that this process is here. Before it begins anything: what it begins is under its name.

        Raises SettingsError where another process of the service has another data folder or other secrets.
        """
        self._folder.mark(self.id)
        row = ServiceProcess(
            id=self.id, role=self.role, host=socket.gethostname(), pid=os.getpid(), version=version("cloister")
        )
        with self._database.write() as session:
            processes.enter(session, row)  # again, where the first start came to nothing
        try:
            self._require_same_folder()
        except BaseException:
            self.leave()
            raise

    def follow(self) -> None:
        """Be seen from now on, and watch the others. Once `take_up` may be called."""
        if self.works:
            self._clear_up()
        if self._database.is_shared:
            self._thread = threading.Thread(target=self._keep_looking, name="presence", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop watching; whoever looks next takes up what is left."""
        self._closing.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def leave(self) -> None:
        """Say that this process is gone. After its last word: from now on others do what it had begun."""
        try:
            with self._database.write() as session:
                processes.leave(session, self.id)
        except StoreAway:
            log.warning("The database is away, so the others learn by themselves that this process is gone.")

    def look(self) -> None:
        """One round: be seen, see the others, and read what was changed. Raises StoreAway."""
        with self._database.write() as session:
            is_here = processes.note_seen(session, self.id)
        if not is_here:
            log.error("This process was not seen for too long, and others have taken up its work: it stops.")
            self._closing.set()
            self.stop()
            return
        if self.works:
            self._clear_up()
        with self._database.read() as session:
            now = revisions.read_all(session)
        if changed := {topic for topic, number in now.items() if number != self._known.get(topic)}:
            self._known = now
            self.catch_up(changed)

    def _keep_looking(self) -> None:
        while not self._closing.wait(SEEN_EVERY_S):
            try:
                self.look()
            except StoreAway:
                log.warning("The database does not answer; this process looks for it again in a moment.")
            except Exception as exc:
                # Without this the thread would end in silence, and the process be given up while it works.
                log.exception("What other processes did could not be taken in (%s); tried again.", type(exc).__name__)

    def _clear_up(self) -> None:
        """Take up what the dead had begun, then forget them: a crash in between is found by the next look."""
        with self._database.read() as session:
            others = [each for each in processes.list_all(session) if each.id != self.id]
        here = [each for each in others if each.seen_at != processes.GONE]
        dead = {each.id: each for each in self._watch.find_dead(here, time.monotonic())}
        dead |= {each.id: each for each in here if self._is_dead_here(each)}
        with self._database.write() as session:
            for each in dead.values():
                processes.give_up(session, each)
        with self._database.read() as session:
            gone = [each.id for each in processes.list_all(session) if each.seen_at == processes.GONE]
        gone = [id for id in gone if id != self.id]
        if not gone:
            return
        log.info("%d processes are gone; what they had begun is taken up.", len(gone))
        self.take_up(gone)
        with self._database.write() as session:
            processes.forget_gone(session, gone)
        self._folder.forget(gone)

    def _is_dead_here(self, process: ServiceProcess) -> bool:
        """SQLite is one machine's: who is not among its processes is of an earlier life of it (or of a container)."""
        return is_known_dead(process.id) or not (self._database.is_shared or self._is_of_this_view(process))

    def _is_of_this_view(self, process: ServiceProcess) -> bool:
        return process.id.rsplit(".", 4)[1:2] == self.id.rsplit(".", 4)[1:2]

    def _require_same_folder(self) -> None:
        if not self._database.is_shared:
            return
        with self._database.read() as session:
            others = [each for each in processes.list_here(session) if each.id != self.id]
        for other in others:
            if not is_known_dead(other.id):
                self._folder.require_same(other.id, other.host, lambda other=other: self._is_moving(other))  # type: ignore[misc]

    def _is_moving(self, process: ServiceProcess) -> bool:
        """Whether another process is seen to be alive: one that a dead machine left must not stop this start."""
        give_up_at = time.monotonic() + 3 * SEEN_EVERY_S
        while time.monotonic() < give_up_at:
            with self._database.read() as session:
                now = {each.id: each.seen_at for each in processes.list_here(session)}
            if process.id not in now:
                return False
            if now[process.id] != process.seen_at:
                return True
            time.sleep(SEEN_EVERY_S / 4)
        return False
