"""Whether the lab tells the truth: what it says after half of a set's questions, held against the other half."""

import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from app.db import documents, generations, parsed_texts, questions
from app.domain import AskedQuestion, ChunkingProfile, JobState, Splitter
from app.lab.ask import Asker, PlacedQuestion
from app.lab.judge import Finding, Judgement, judge
from app.lab.measure import access_to, place_all
from app.lab.metrics import Interval, mean_interval
from app.lab.sweeps import Sweep, Way, make_plan
from app.services import Services
from bench.report import Figure, Result
from bench.retrieval_sets import RetrievalSet, list_sets
from bench.service import open_access, opened_services, take_in
from bench.sizes import Size

BASE: Final = "chunking"
PRESENT: Final = ChunkingProfile(Splitter.HEADING, 200, 30)
# The same but for one token: no question can tell them apart, and chance must not.
USELESS: Final = ChunkingProfile(Splitter.HEADING, 199, 30)


def run(size: Size) -> Result:
    """Sweep over half of the questions, then ask the other half of what was recommended and of the present way."""
    chosen = next(each for each in list_sets(is_full=False) if each.name == "chunking")
    with TemporaryDirectory(prefix="cloister-bench-") as name, opened_services() as services:
        services.ingest()
        documents_taken = size.pick(tiny=1, quick=10, normal=10)
        take_in(services, [_write(chosen, Path(name), most=documents_taken)], knowledge_base=BASE)
        half, others, lost = _split(chosen, services, most=size.pick(tiny=24, quick=120, normal=10_000))
        started = time.perf_counter()
        sweep = _sweep(services, half, _profiles(size))
        seconds = time.perf_counter() - started
        judged = judge(sweep.plan, sweep.tried)
        assert judged
        best, present = (_ask(services, way, others) for way in (judged.rows[judged.best].way, judged.rows[0].way))
        planted = _sweep(services, half, [USELESS])
        useless = judge(planted.plan, planted.tried)
    assert useless
    return Result(_figures(judged, best, present, useless), _notes(judged, sweep, seconds, len(others), lost))


def _figures(judged: Judgement, best: Interval, present: Interval, useless: Judgement) -> tuple[Figure, ...]:
    expected = judged.expected
    is_inside = expected.low <= best.mean <= expected.high
    return (
        Figure(
            "recall of the recommended way on the other half",
            "",
            best.mean,
            target=f"{expected.low:.3f} to {expected.high:.3f}, as the lab said",
            is_met=is_inside,
        ),
        Figure(
            "the same beside the default's",
            "×",
            best.mean / present.mean,
            limit=present.mean,
            target="≥ 1",
            is_met=best.mean >= present.mean,
        ),
        Figure(
            "planted useless difference called noise",
            "",
            float(useless.finding is Finding.NOISE),
            target="= 1",
            is_met=useless.finding is Finding.NOISE,
        ),
    )


def _notes(judged: Judgement, sweep: Sweep, seconds: float, others: int, lost: int) -> tuple[str, ...]:
    row = judged.rows[judged.best]
    asked = len(sweep.plan.tuning) + len(sweep.plan.held_out)
    ways = "; ".join(
        f"{each.way.profile} {each.tuning.recall.mean:.3f} | {each.held_out.recall.mean:.3f}, "
        f"{each.tokens.mean:.0f} tokens"
        for each in judged.rows
    )
    return (
        f"The lab says “{judged.finding}” of {row.way.profile}: {100 * row.difference.mean:+.1f} points of recall "
        f"(95 %: {100 * row.difference.low:+.1f} to {100 * row.difference.high:+.1f}), held out "
        f"{100 * row.held_out_difference.mean:+.1f}.",
        f"{asked} questions in the lab, {others} others, {lost} whose first reference the parsed text does not hold; "
        f"{len(sweep.plan.ways)} ways in {seconds:.0f} s.",
        f"Recall tuning | held out: {ways}.",
    )


def _profiles(size: Size) -> list[ChunkingProfile]:
    several = [(Splitter.SENTENCE, 100, 0), (Splitter.HEADING, 254, 50), (Splitter.SENTENCE, 200, 30)]
    several += [(Splitter.HEADING, 100, 15), (Splitter.TOKEN, 200, 30), (Splitter.SENTENCE, 254, 100)]
    return [ChunkingProfile(*each) for each in several[: size.pick(tiny=1, quick=3, normal=6)]]


def _write(chosen: RetrievalSet, folder: Path, *, most: int) -> Path:
    """The shortest documents of the set, at most so many."""
    for name in sorted(chosen.texts, key=lambda name: len(chosen.texts[name]))[:most]:
        (folder / name).write_text(chosen.texts[name], encoding="utf-8")
    return folder


def _split(
    chosen: RetrievalSet, services: Services, *, most: int
) -> tuple[list[AskedQuestion], list[PlacedQuestion], int]:
    """Every second question for the lab, the others with their places, and how many have no place."""
    with services.database.read() as session:
        base_id = open_access(services, BASE).readable[BASE].id
        stored = {each.name: each.id for each in documents.list_briefs(session, [base_id])}
        asked = []
        for each in [each for each in chosen.questions if each.documents <= stored.keys()][:most]:
            (document,) = each.documents
            start, end = each.spans[0]
            quote = re.sub(r"\s+", " ", chosen.texts[document][start:end]).strip()
            asked.append(AskedQuestion(each.text, stored[document], quote))
        placed = place_all(asked, lambda document_id: parsed_texts.find_text(session, document_id))
    pairs = [(each, place) for each, place in zip(asked, placed, strict=True) if place is not None]
    return [each for each, _ in pairs[::2]], [place for _, place in pairs[1::2]], len(asked) - len(pairs)


def _sweep(services: Services, half: list[AskedQuestion], profiles: list[ChunkingProfile]) -> Sweep:
    base_id = open_access(services, BASE).readable[BASE].id
    with services.database.write() as session:
        ids = questions.put(session, base_id, half, created_by="bench")
    retrieve = services.settings.retrieve
    plan = make_plan(
        Way(PRESENT, retrieve.passages, retrieve.meaning_weight),
        profiles,
        ks=(),
        meaning_weights=(),
        reranks=(),
        questions=sorted(set(ids)),
    )
    id = services.sweeps().begin(base_id, plan, person_id="local")
    while (sweep := services.sweep_line.get(id)).state in (JobState.QUEUED, JobState.RUNNING):
        time.sleep(0.2)
    if sweep.state is not JobState.DONE:
        raise RuntimeError(f"The benchmark's sweep ended as {sweep.state}: {sweep.error}")
    return sweep


def _ask(services: Services, way: Way, others: list[PlacedQuestion]) -> Interval:
    """The recall of a way on the questions that the lab never saw."""
    access = open_access(services, BASE)
    base_id = access.readable[BASE].id
    with services.database.read() as session:
        found = next(each for each in generations.list_of(session, base_id) if each.profile == way.profile)
    asker = Asker(services.retriever(), services.embedder.get(), None, services.settings.reranker)
    brought = asker.ask(way, others, access=access_to(access, found), within=None, between=lambda: None)
    return mean_interval([each.recall for each in brought.scores])
