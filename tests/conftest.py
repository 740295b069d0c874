"""Fixtures for all tests: `services` has quick fakes for models, `real_services` has the models.

DBOS is one per process, so only one of them can be open at a time; opening one after the other is fine.
"""

import fcntl
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
from argon2 import PasswordHasher

from app.db import people
from app.db.session import Database
from app.ports import Embedder, Generator
from app.services import Services
from app.settings import ENV_PREFIX, TEST_PREFIX, Settings, load_settings, prepare_data_dir
from app.warm import Warm
from tests.fakes import Lent, ScriptedGenerator, WordHashEmbedder, open_with, open_with_fakes
from tests.lent_sandboxes import LentSandboxes
from tests.taking_in import take_in

E = TypeVar("E", Embedder, Generator)
JOBS_FILE = "jobs.sqlite"
DATABASE_FILE = "cloister.sqlite"
SAMPLE_DOCS = Path(__file__).parents[1] / "sample_docs"
# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with few tests first: they start services and browsers, and at the end nobody waits for one of them."""
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: sizes[item.path])


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """No setting of the person who runs the tests reaches them."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in list(os.environ):
            if variable.startswith(ENV_PREFIX) and not variable.startswith(TEST_PREFIX):
                patch.delenv(variable)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashing that costs nothing: at its real strength every person of a test takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def lasting_log() -> Iterator[None]:
    """DBOS logs as everybody does. A logger without a handler it gives the standard error of that moment to keep, and
    where a test with `capsys` is the first to open services, that is a file which is closed when the test ends.
    """
    handler = logging.NullHandler()
    logging.getLogger("dbos").addHandler(handler)
    yield
    logging.getLogger("dbos").removeHandler(handler)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with a data folder of the test's own.

    The abstention is calibrated for the cosines of the real embedder; those of the fake are far lower. A test that
    walks over all routes asks more often than people do.
    """
    limits = {"requests_per_minute": 1_000_000}
    return load_settings({"data_dir": tmp_path / "data", "answer": {"abstain_below": 0.03}, "limits": limits})


@pytest.fixture
def embedder() -> WordHashEmbedder:
    """The embedder inside `services`."""
    return WordHashEmbedder()


@pytest.fixture
def generator() -> ScriptedGenerator:
    """The generator inside `services`."""
    return ScriptedGenerator()


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LentSandboxes]:
    """Sandboxes that run on from test to test: starting a child takes two seconds."""
    opened = LentSandboxes(tmp_path_factory.mktemp("sandboxes"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def jobs_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DBOS's file after a first launch: in a new one, the queue is only noticed a second after the launch."""
    settings = load_settings({"data_dir": tmp_path_factory.mktemp("launched") / "data"})
    opened = open_with_fakes(settings)
    opened.ingest()
    opened.close()
    return settings.data_dir / JOBS_FILE


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, to be copied: all migrations, one after the other, take a tenth of a second."""
    file = tmp_path_factory.mktemp("migrated") / DATABASE_FILE
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.close()
    return file


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """An empty database of the test's own."""
    file = shutil.copy(migrated_file, tmp_path / "database.sqlite")
    opened = Database(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def services(
    settings: Settings,
    embedder: WordHashEmbedder,
    generator: ScriptedGenerator,
    sandboxes: LentSandboxes,
    jobs_file: Path,
    migrated_file: Path,
) -> Iterator[Services]:
    """Real SQLite, real Qdrant Edge, real DBOS and a real sandbox around fake models."""
    data_dir = prepare_data_dir(settings.data_dir)
    shutil.copy(jobs_file, data_dir / JOBS_FILE)
    shutil.copy(migrated_file, data_dir / DATABASE_FILE)
    opened = open_with_fakes(settings, embedder, generator)
    sandboxes.lend_to(opened)
    yield opened
    opened.close()


# --- the real models: loaded once for all tests, at first use -----------------------------------


@pytest.fixture(scope="session")
def real_embedder() -> Iterator[Warm[Embedder]]:
    """MiniLM."""
    from app.engines.embedders.local import SentenceTransformersEmbedder

    yield from _lend(lambda: SentenceTransformersEmbedder(load_settings().embedder))


@pytest.fixture(scope="session")
def real_generator() -> Iterator[Warm[Generator]]:
    """SmolLM2."""
    from app.engines.generators.llamacpp import LlamaCppGenerator

    yield from _lend(lambda: LlamaCppGenerator(load_settings().generator))


@pytest.fixture(scope="session")
def samples_data_dir(real_embedder: Warm[Embedder], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which `sample_docs/` are in the knowledge base “Samples”. To be copied, not changed.

    One for all processes of a run: reading and embedding them takes twenty seconds of a processor.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "samples"
    with (shared / "samples.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _take_in_samples(own / "samples-of-mine", real_embedder).rename(folder)
    return folder


def _take_in_samples(folder: Path, embedder: Warm[Embedder]) -> Path:
    # The OCR engine that every machine has: what the samples say must not hang on what else is installed.
    settings = load_settings({"data_dir": folder, "ocr": {"engine": "rapidocr"}})
    opened = open_with(settings, embedder, Warm(ScriptedGenerator))
    take_in(opened, SAMPLE_DOCS, kb="Samples")
    opened.close()
    return folder


@pytest.fixture
def real_services(
    settings: Settings,
    samples_data_dir: Path,
    real_embedder: Warm[Embedder],
    real_generator: Warm[Generator],
    sandboxes: LentSandboxes,
) -> Iterator[Services]:
    """The real models, and `sample_docs/` in the knowledge base “Samples”."""
    shutil.copytree(samples_data_dir, settings.data_dir)
    opened = open_with(settings, real_embedder, real_generator)
    sandboxes.lend_to(opened)
    yield opened
    opened.close()


def _lend(build: Callable[[], E]) -> Iterator[Warm[E]]:
    lent = Lent(build)
    yield lent
    if (engine := Warm.peek(lent)) is not None:
        engine.close()
