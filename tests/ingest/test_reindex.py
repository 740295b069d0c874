"""Re-indexing: answered from the old generation until the new one is whole, and from the old one again at will."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import generations
from app.domain import ChunkingProfile, GenerationState, IndexGeneration, Job, JobState, Splitter
from app.errors import Rejected
from app.services import Services
from app.settings import Settings
from tests.fakes import WordHashEmbedder, open_with_fakes
from tests.ingest.stock import take_stock
from tests.taking_in import find, open_base, take_in, wait_for

SMALL = ChunkingProfile(Splitter.SENTENCE, 16, 0)
TEXT = "# {name}\n\n" + " ".join(f"Sentence {n} tells something about {{name}}." for n in range(12)) + "\n"


@pytest.fixture
def fruit(services: Services, tmp_path: Path) -> Path:
    """A folder of three documents that are in."""
    folder = tmp_path / "fruit"
    folder.mkdir()
    for name in ("apples", "pears", "plums"):
        (folder / f"{name}.md").write_text(TEXT.format(name=name))
    take_in(services, folder)
    return folder


def begin(services: Services, profile: ChunkingProfile = SMALL) -> str:
    return services.ingest().reindexing.begin(open_base(services).id, profile, person_id="local")


def reindex(services: Services, profile: ChunkingProfile = SMALL) -> Job:
    return wait_for(services, begin(services, profile))


def by_state(services: Services) -> dict[GenerationState, list[IndexGeneration]]:
    found: dict[GenerationState, list[IndexGeneration]] = {}
    for generation in services.ingest().reindexing.list_generations(open_base(services).id):
        found.setdefault(generation.state, []).append(generation)
    return found


def names(services: Services) -> set[str]:
    return {passage.document for passage in find(services, "something about apples pears plums quinces")}


def test_a_knowledge_base_is_cut_anew_without_reading_a_file_again(services: Services, fruit: Path) -> None:
    for file in fruit.iterdir():
        file.unlink()
    before = by_state(services)[GenerationState.ACTIVE][0]
    job = reindex(services)
    assert (job.state, job.error, job.done) == (JobState.DONE, None, 3)
    after = by_state(services)
    assert after[GenerationState.ACTIVE][0].profile == SMALL
    assert [generation.id for generation in after[GenerationState.KEPT]] == [before.id]
    assert after[GenerationState.ACTIVE][0].chunks > before.chunks
    assert names(services) == {"apples.md", "pears.md", "plums.md"}
    assert all(len(passage.text) < 200 for passage in find(services, "something about pears"))


def test_what_answered_before_answers_again_at_once(services: Services, fruit: Path) -> None:
    before = by_state(services)[GenerationState.ACTIVE][0]
    reindex(services)
    assert services.ingest().reindexing.activate(before.id, person_id="local") is None
    assert by_state(services)[GenerationState.ACTIVE][0].id == before.id
    assert names(services) == {"apples.md", "pears.md", "plums.md"}


def test_what_came_in_since_is_added_to_what_answers_again(services: Services, fruit: Path) -> None:
    before = by_state(services)[GenerationState.ACTIVE][0]
    reindex(services)
    (fruit / "quinces.md").write_text(TEXT.format(name="quinces"))
    (fruit / "pears.md").write_text(TEXT.format(name="green pears"))
    take_in(services, fruit)
    job_id = services.ingest().reindexing.activate(before.id, person_id="local")
    assert job_id is not None
    assert wait_for(services, job_id).done == 2
    assert names(services) == {"apples.md", "pears.md", "plums.md", "quinces.md"}
    assert any("green pears" in passage.text for passage in find(services, "green pears"))
    assert by_state(services)[GenerationState.ACTIVE][0].id == before.id


def test_a_trial_answers_nobody_until_somebody_says_so(services: Services, fruit: Path) -> None:
    before = by_state(services)[GenerationState.ACTIVE][0]
    reindexing = services.ingest().reindexing
    job = wait_for(services, reindexing.begin(open_base(services).id, SMALL, person_id="local", is_trial=True))
    assert job.state is JobState.DONE
    assert by_state(services)[GenerationState.ACTIVE][0].id == before.id
    (trial,) = by_state(services)[GenerationState.TRIAL]
    (fruit / "quinces.md").write_text(TEXT.format(name="quinces"))
    take_in(services, fruit)
    job_id = reindexing.activate(trial.id, person_id="local")
    assert job_id is not None
    wait_for(services, job_id)
    after = by_state(services)
    assert (after[GenerationState.ACTIVE][0].id, after[GenerationState.KEPT][0].id) == (trial.id, before.id)
    assert names(services) == {"apples.md", "pears.md", "plums.md", "quinces.md"}


def test_a_kept_generation_is_forgotten_with_all_that_only_it_had(services: Services, fruit: Path) -> None:
    before = by_state(services)[GenerationState.ACTIVE][0]
    reindex(services)
    services.ingest().reindexing.forget(before.id)
    assert services.index.get().count(generation_id=before.id) == 0
    take_stock(services)
    with pytest.raises(Rejected, match="kept"):
        services.ingest().reindexing.forget(by_state(services)[GenerationState.ACTIVE][0].id)


def test_a_deleted_document_is_gone_from_every_generation(services: Services, fruit: Path) -> None:
    before = by_state(services)[GenerationState.ACTIVE][0]
    reindex(services)
    (pear, *_) = [passage for passage in find(services, "something about pears") if passage.document == "pears.md"]
    services.ingest().delete_document(pear.document_id)
    services.ingest().reindexing.activate(before.id, person_id="local")
    assert names(services) == {"apples.md", "plums.md"}


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (ChunkingProfile(Splitter.SENTENCE, 100_000, 0), "do not fit the embedding model"),
        (ChunkingProfile(Splitter.SENTENCE, 100, 60), "half of their size"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(services: Services, profile: ChunkingProfile, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        begin(services, profile)


def test_the_present_profile_is_no_reason_to_cut_anew(services: Services, fruit: Path) -> None:
    with pytest.raises(Rejected, match="chunked like this already"):
        begin(services, services.settings.chunking.profile)


# --- while it goes on ----------------------------------------------------------------------------


class GatedEmbedder(WordHashEmbedder):
    """Waits before it embeds documents, once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.reached = threading.Event()
        self.gate.set()

    def embed_documents(self, texts):  # type: ignore[no-untyped-def]
        if not self.gate.is_set():
            self.reached.set()
            assert self.gate.wait(30)
        return super().embed_documents(texts)


@pytest.fixture
def embedder() -> GatedEmbedder:
    return GatedEmbedder()


@pytest.fixture
def gated(services: Services, fruit: Path, embedder: GatedEmbedder) -> Iterator[str]:
    """A re-index that waits in the middle; its job's id."""
    embedder.gate.clear()
    job_id = begin(services)
    assert embedder.reached.wait(30)
    yield job_id
    embedder.gate.set()


def test_until_the_switch_the_old_generation_answers_and_what_comes_in_is_in_both(
    services: Services, fruit: Path, gated: str, embedder: GatedEmbedder
) -> None:
    before = by_state(services)[GenerationState.ACTIVE][0]
    assert names(services) == {"apples.md", "pears.md", "plums.md"}
    with pytest.raises(Rejected, match="being re-indexed"):
        begin(services, ChunkingProfile(Splitter.TOKEN, 32, 0))
    embedder.gate.set()
    (fruit / "quinces.md").write_text(TEXT.format(name="quinces"))
    (fruit / "pears.md").write_text(TEXT.format(name="green pears"))
    take_in(services, fruit)
    assert wait_for(services, gated).state is JobState.DONE
    assert by_state(services)[GenerationState.ACTIVE][0].profile == SMALL
    assert names(services) == {"apples.md", "pears.md", "plums.md", "quinces.md"}
    assert any("green pears" in passage.text for passage in find(services, "green pears"))
    services.ingest().reindexing.forget(before.id)
    take_stock(services)


def test_a_cancelled_re_index_leaves_the_old_generation_and_nothing_else(
    services: Services, gated: str, embedder: GatedEmbedder
) -> None:
    services.ingest().jobs.cancel(gated)
    embedder.gate.set()
    assert wait_for(services, gated).state is JobState.CANCELLED
    assert by_state(services).keys() == {GenerationState.ACTIVE}
    assert names(services) == {"apples.md", "pears.md", "plums.md"}
    take_stock(services)


def test_a_question_that_was_asked_before_the_switch_finds_what_it_searched(services: Services, fruit: Path) -> None:
    searched = threading.Event()
    index = services.index.get()
    search = index.search

    def and_switch(*arguments: object, **options: object) -> object:
        found = search(*arguments, **options)  # type: ignore[arg-type]
        if not searched.is_set():
            searched.set()
            reindex(services)
        return found

    index.search = and_switch  # type: ignore[method-assign, assignment]
    assert names(services) == {"apples.md", "pears.md", "plums.md"}
    assert by_state(services)[GenerationState.ACTIVE][0].profile == SMALL


def test_a_generation_that_a_crash_left_without_a_job_is_removed_at_the_start(
    settings: Settings, tmp_path: Path
) -> None:
    services = open_with_fakes(settings)
    base = open_base(services)
    with services.database.write() as session:
        generations.create(session, base.id, SMALL, base.embedding_model_id)
    services.close()
    services = open_with_fakes(settings)
    assert by_state(services).keys() == {GenerationState.ACTIVE}
    services.close()
