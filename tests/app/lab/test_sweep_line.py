"""Sweeps at work: built beside what answers, measured, and gone on with after a crash."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.db import documents, generations, questions
from app.domain import AskedQuestion, ChunkingProfile, GenerationState, IndexGeneration, JobState, Splitter
from app.errors import Rejected
from app.lab.judge import judge
from app.lab.sweeps import Sweep, Way, make_plan
from app.services import Services
from app.settings import Settings
from tests.fakes import open_with_fakes
from tests.taking_in import find, open_base, take_in

SMALL = ChunkingProfile(Splitter.SENTENCE, 16, 0)
TINY = ChunkingProfile(Splitter.SENTENCE, 24, 8)
PATIENCE_S = 60
FRUIT = ("apple", "pear", "plum", "quince")
SENTENCES = 12


@pytest.fixture
def orchard(services: Services, tmp_path: Path) -> str:
    """A knowledge base with four documents and twelve questions; returns its id."""
    folder = tmp_path / "orchard"
    folder.mkdir()
    for name in FRUIT:
        told = " ".join(f"The {name} number {n} weighs {n + 3}00 grams in autumn." for n in range(SENTENCES))
        (folder / f"{name}.md").write_text(f"# {name}\n\n{told}\n")
    take_in(services, folder)
    base = open_base(services)
    with services.database.write() as session:
        stored = {each.name: each.id for each in documents.list_briefs(session, [base.id])}
        asked = [
            AskedQuestion(f"How heavy is {name} number {n}?", stored[f"{name}.md"], f"The {name} number {n} weighs")
            for name in FRUIT
            for n in range(3)
        ]
        questions.put(session, base.id, asked, created_by="local")
    return base.id


def begin(services: Services, base_id: str, *profiles: ChunkingProfile, sample: tuple[str, ...] = ()) -> str:
    with services.database.read() as session:
        asked = [each.id for each in questions.list_of(session, base_id)]
        base = open_base(services)
    plan = make_plan(
        Way(base.profile, 3, 0.5),
        profiles,
        ks=(),
        meaning_weights=(0.5, 0.2),
        reranks=(),
        questions=asked,
        documents=sample,
    )
    return services.sweeps().begin(base_id, plan, person_id="local")


def wait(services: Services, id: str, until: Callable[[Sweep], bool] | None = None) -> Sweep:
    """The sweep, once it is over or as is said."""
    give_up_at = time.monotonic() + PATIENCE_S
    done = until or (lambda sweep: sweep.state not in (JobState.QUEUED, JobState.RUNNING))
    while not done(sweep := services.sweep_line.get(id)):
        assert time.monotonic() < give_up_at, sweep
        time.sleep(0.02)
    return sweep


def by_state(services: Services, base_id: str, state: GenerationState) -> list[IndexGeneration]:
    with services.database.read() as session:
        return [each for each in generations.list_of(session, base_id) if each.state is state]


def test_every_way_is_measured_and_what_answers_stays(services: Services, orchard: str) -> None:
    before = open_base(services).generation_id
    sweep = wait(services, begin(services, orchard, SMALL, TINY))
    assert (sweep.state, sweep.error, sweep.progress) == (JobState.DONE, None, 1.0)
    assert sorted(each.way for each in sweep.tried) == list(range(len(sweep.plan.ways)))
    assert all(len(each.scores) == len(each.ms) == len(each.tokens) == 12 for each in sweep.tried)
    assert open_base(services).generation_id == before
    judged = judge(sweep.plan, sweep.tried)
    assert judged
    assert all(0 <= row.tuning.recall.low <= row.tuning.recall.mean <= 1 for row in judged.rows)


def test_a_trial_of_all_documents_can_be_made_to_answer_afterwards(services: Services, orchard: str) -> None:
    sweep = wait(services, begin(services, orchard, SMALL))
    (built,) = {each.generation_id for each in sweep.tried if each.generation_id}
    services.ingest().reindexing.activate(built, person_id="local")
    assert open_base(services).profile == SMALL
    assert find(services, "How heavy is pear number 1?")[0].document == "pear.md"


def test_a_second_sweep_builds_nothing_twice(services: Services, orchard: str) -> None:
    wait(services, begin(services, orchard, SMALL))
    built = by_state(services, orchard, GenerationState.TRIAL)
    wait(services, begin(services, orchard, SMALL))
    assert [each.id for each in by_state(services, orchard, GenerationState.TRIAL)] == [each.id for each in built]


def test_a_sample_holds_its_documents_only_and_is_gone_afterwards(services: Services, orchard: str) -> None:
    with services.database.read() as session:
        stored = {each.name: each.id for each in documents.list_briefs(session, [orchard])}
        asked = questions.list_of(session, orchard)
    chosen = (stored["apple.md"], stored["plum.md"])
    with services.database.write() as session:
        for each in asked:
            if each.document_id not in chosen:
                questions.remove(session, orchard, each.id)
        apple = stored["apple.md"]
        more = [AskedQuestion(f"What of apple {n}?", apple, f"The apple number {n} weighs") for n in range(4, 9)]
        questions.put(session, orchard, more, created_by="local")
    id = begin(services, orchard, SMALL, sample=chosen)
    sweep = wait(services, id)
    assert (sweep.state, sweep.error) == (JobState.DONE, None)
    (of_sample,) = {each.chunks for each in sweep.tried if sweep.plan.ways[each.way].profile == SMALL}
    assert of_sample == len(chosen) * SENTENCES
    assert by_state(services, orchard, GenerationState.TRIAL) == []


def test_a_cancelled_sweep_keeps_what_was_measured_and_removes_what_was_being_built(
    services: Services, orchard: str
) -> None:
    id = begin(services, orchard, SMALL, TINY)
    wait(services, id, until=lambda sweep: len(sweep.tried) > 0)
    services.sweeps().cancel(id)
    sweep = wait(services, id)
    assert sweep.state in (JobState.CANCELLED, JobState.DONE)
    assert sweep.tried
    give_up_at = time.monotonic() + PATIENCE_S
    while by_state(services, orchard, GenerationState.BUILDING):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def test_a_sweep_goes_on_after_a_restart_with_what_it_has(settings: Settings, services: Services, orchard: str) -> None:
    id = begin(services, orchard, SMALL, TINY)
    before = wait(services, id, until=lambda sweep: len(sweep.tried) > 0).tried
    services.close()
    again = open_with_fakes(settings)
    try:
        again.sweeps()
        sweep = wait(again, id)
        assert (sweep.state, sweep.error) == (JobState.DONE, None)
        assert sweep.tried[: len(before)] == before
        assert sorted(each.way for each in sweep.tried) == list(range(len(sweep.plan.ways)))
    finally:
        again.close()


def test_too_few_questions_are_refused(services: Services, orchard: str) -> None:
    with services.database.write() as session:
        for each in questions.list_of(session, orchard)[:3]:
            questions.remove(session, orchard, each.id)
    with pytest.raises(Rejected, match="at least 10"):
        begin(services, orchard, SMALL)


def test_one_sweep_at_a_time(services: Services, orchard: str) -> None:
    first = begin(services, orchard, SMALL, TINY)
    with pytest.raises(Rejected, match="runs already"):
        begin(services, orchard, SMALL)
    wait(services, first)
