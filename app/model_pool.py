"""The language models that people may choose besides the service's own: opened when they are first asked for.

A model stays open while somebody borrows it. Of the others the last used few stay open (`generator.kept_models`), so
that the next question need not wait; the rest are closed. Before a file is loaded, what nobody uses makes room for it,
and then its need is judged against the memory that is free: a machine that starts to swap serves nobody.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.engines.gguf import read_gguf
from app.engines.memory import Verdict, judge, look_at_machine, need_of
from app.engines.model_files import get_gguf_file
from app.errors import EngineUnavailable
from app.ports import Generator
from app.settings import GeneratorSettings

log = logging.getLogger("cloister")


@dataclass(frozen=True, slots=True)
class PooledModel:
    """A model that may be borrowed: what it is called, and how it is opened."""

    id: str
    label: str
    settings: GeneratorSettings

    @property
    def takes_memory(self) -> bool:
        """Whether it is computed in this process; an endpoint costs a connection."""
        return self.settings.engine == "llamacpp"


@dataclass(slots=True)
class _Opened:
    model: PooledModel
    generator: Generator
    borrowers: int = 0
    is_wanted: bool = True


class ModelPool:
    """Built once; every method may be called by several threads at once. Nothing is opened yet.

    `kept`: how many models of this process stay open while nobody uses them. `require_room` raises where one more does
    not fit into memory.
    """

    def __init__(
        self,
        build: Callable[[GeneratorSettings], Generator],
        *,
        kept: int,
        require_room: Callable[[PooledModel], None] | None = None,
    ) -> None:
        self._build = build
        self._kept = kept
        self._require_room = require_room or require_memory
        # The last one used comes last.
        self._opened: list[_Opened] = []
        self._lock = threading.Lock()
        # Two models at a time would not fit where one does.
        self._loading = threading.Lock()
        self._is_closed = False

    @contextmanager
    def borrow(self, model: PooledModel) -> Iterator[Generator]:
        """The model, open until it is given back. Loads it if it is not open, which may take minutes.

        Raises EngineUnavailable, also where it does not fit into memory beside what is in use; SettingsError.
        """
        opened = self._take(model) or self._load(model)
        try:
            yield opened.generator
        finally:
            self._give_back(opened)

    def close_idle(self) -> None:
        """Close what nobody uses, to make room."""
        for each in self._sort_out(0):
            each.generator.close()

    def forget(self, id: str) -> None:
        """Close a model that is not offered any more, or not as it was, as soon as nobody uses it."""
        with self._lock:
            for each in self._opened:
                each.is_wanted = each.is_wanted and each.model.id != id
        self._close_aside(self._sort_out(self._kept))

    def keep_only(self, is_wanted: Callable[[PooledModel], bool]) -> None:
        """Close those models, as soon as nobody uses them, that are not wanted as they are."""
        with self._lock:
            opened = list(self._opened)
        for each in opened:
            each.is_wanted = each.is_wanted and is_wanted(each.model)
        self._close_aside(self._sort_out(self._kept))

    def list_open(self) -> list[str]:
        """The ids of the models that are open, the last used one last."""
        with self._lock:
            return [each.model.id for each in self._opened]

    def close(self) -> None:
        """Close all of them. Calling twice is harmless."""
        with self._lock:
            self._is_closed = True
            opened, self._opened = self._opened, []
        for each in opened:
            each.generator.close()

    def _take(self, model: PooledModel) -> _Opened | None:
        with self._lock:
            self._require_open()
            found = next((each for each in self._opened if each.model == model and each.is_wanted), None)
            if found:
                found.borrowers += 1
                self._opened.remove(found)
                self._opened.append(found)
            return found

    def _load(self, model: PooledModel) -> _Opened:
        with self._loading:
            # Somebody else may have loaded it while this one waited.
            if found := self._take(model):
                return found
            if model.takes_memory:
                for idle in self._sort_out(max(0, self._kept - 1)):
                    idle.generator.close()
                self._require_room_for(model)
            generator = self._build(model.settings)
            with self._lock:
                if self._is_closed:
                    generator.close()
                    self._require_open()
                opened = _Opened(model, generator, borrowers=1)
                self._opened.append(opened)
            log.info("A language model to choose from was opened: %s", model.id)
            return opened

    def _require_room_for(self, model: PooledModel) -> None:
        """What stays open for the next question makes room too, before the model is refused."""
        try:
            self._require_room(model)
        except EngineUnavailable:
            idle = self._sort_out(0)
            if not idle:
                raise
            for each in idle:
                each.generator.close()
            self._require_room(model)

    def _give_back(self, opened: _Opened) -> None:
        with self._lock:
            opened.borrowers -= 1
        self._close_aside(self._sort_out(self._kept))

    def _sort_out(self, kept: int) -> list[_Opened]:
        """Take out what nobody uses, so that `kept` models of this process stay open with those in use.

        Of those, the last used ones stay; none that is not offered any more does.
        """
        with self._lock:
            heavy = [each for each in self._opened if each.is_wanted and each.model.takes_memory]
            idle = [each for each in heavy if not each.borrowers]
            may_stay = max(0, kept - (len(heavy) - len(idle)))
            unwanted = [each for each in self._opened if not each.is_wanted and not each.borrowers]
            going = unwanted + idle[: max(0, len(idle) - may_stay)]
            self._opened = [each for each in self._opened if each not in going]
        return going

    def _close_aside(self, going: list[_Opened]) -> None:
        """Without keeping anybody waiting: a model may still be computing its last token."""
        for each in going:
            threading.Thread(target=each.generator.close, name="close-model", daemon=True).start()

    def _require_open(self) -> None:
        if self._is_closed:
            raise EngineUnavailable("Cloister is shutting down; ask again when it is back.")


def require_memory(model: PooledModel) -> None:
    """Raises EngineUnavailable where a file does not fit into the memory that is free now; SettingsError, Rejected."""
    # Imported late: a service with endpoints alone never loads llama.cpp otherwise.
    from app.engines.generators.devices import list_gpu_bytes

    settings = model.settings
    need = need_of(
        read_gguf(get_gguf_file(settings.model)),
        context_tokens=settings.context_tokens,
        gpu_layers=settings.gpu_layers,
    )
    machine = look_at_machine(freed=0, vram=list_gpu_bytes())
    if judge(need, machine) is Verdict.TOO_LARGE:
        raise EngineUnavailable(
            f"The language model “{model.label}” needs {need.total / (1 << 30):.1f} GiB of memory, more than this "
            f"machine has free now ({machine.ram / (1 << 30):.1f} GiB), and was not loaded. Your question is kept: "
            "choose another model, or ask again later."
        )
