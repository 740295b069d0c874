"""Whether “I did not find this” is said when the documents hold no answer, and only then.

`python -m bench.abstention` fits the estimate anew, for the embedding model in the settings, and writes
`configs/abstention.json`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from app.access import Access
from app.answer.reading.abstain import Calibration, Signals, measure, missing_codes
from app.answer.reading.excerpt import read_closely
from app.answer.text.language import question_language
from app.answer.text.words import telling_words
from app.domain import Passage
from app.services import Services
from app.settings import load_settings
from bench.machine import read_commit
from bench.quality import read_golden
from bench.remembering import Remembering
from bench.report import Figure, Result
from bench.retrieval_sets import SETS_FOLDER, RetrievalSet, list_sets
from bench.service import SAMPLES, open_access, opened_samples, opened_services, take_in
from bench.sizes import Size

CLAPNQ = "clapnq"
OWN, ALL, GOLDEN = "clapnq, own passage alone", "clapnq, all passages", "golden"
FOREIGN = "about other documents"
FOLDS = 5
# A question of XQuAD, all of which the documents answer, may be refused this often.
MAX_REFUSED = 0.05
MIN_BALANCED = 0.70
# Hits among which a question's own passage is looked for.
_DEEP = 60


@dataclass(frozen=True, slots=True)
class Case:
    """A question, whether the documents answer it, and what speaks for it. `signals` is None where nothing was found.

    `cosine` and `words` are what the plain baselines go by: the closest passage, and the largest part of the
    question's words in one passage.
    """

    group: str
    question: str
    is_answerable: bool
    signals: Signals | None
    cosine: float
    words: float


def run(size: Size) -> Result:
    """Held-out figures: every question is judged by a fit that saw none of its group's fold."""
    settings = load_settings()
    threshold, shipped = settings.answer.abstain_below, Calibration.read(settings.answer.calibration)
    cases = collect_cases(size)
    as_shipped = np.array([case.signals is None or shipped.probability(case.signals) < threshold for case in cases])
    if not SETS_FOLDER.is_dir():
        golden = _judge(cases, {"ours": as_shipped}, {GOLDEN: (GOLDEN,)})
        return Result(tuple(golden), (f"SKIPPED: all but the golden questions; there is no folder {SETS_FOLDER}.",))
    rows = {
        "ours": np.array([case.signals.as_row() if case.signals else (0.0, 0.0, 0.0, 1.0) for case in cases]),
        "cosine alone": np.array([[case.cosine] for case in cases]),
        "shared words alone": np.array([[case.words] for case in cases]),
    }
    refused = {
        name: _refused_held_out(values, cases, threshold if name == "ours" else None) for name, values in rows.items()
    }
    refused["as shipped"] = as_shipped
    together: dict[str, tuple[str, ...]] = {f"{OWN}, with golden": (OWN, GOLDEN), f"{ALL}, with golden": (ALL, GOLDEN)}
    apart: dict[str, tuple[str, ...]] = {name: (name,) for name in (OWN, ALL, GOLDEN)}
    figures = [*_judge(cases, refused, together | apart), *_judge_kept(cases, refused["ours"])]
    return Result(
        tuple(figures),
        (
            f"ours: fitted without the question's fold, refused below {threshold:g}.",
            f"baselines: a threshold as high as refuses {MAX_REFUSED:.0%} of XQuAD in the folds that it is fitted on.",
            "as shipped: configs/abstention.json, which was fitted on these questions.",
        ),
    )


def fit(cases: Sequence[Case]) -> tuple[float, ...]:
    """(intercept, *weights) over all cases."""
    values = np.array([case.signals.as_row() for case in cases if case.signals])
    model = _fit(values, [case for case in cases if case.signals])
    scaler, regression = model[0], model[-1]
    weights = regression.coef_[0] / scaler.scale_
    return (float(regression.intercept_[0] - weights @ scaler.mean_), *map(float, weights))


def collect_cases(size: Size) -> list[Case]:
    """All questions with what was retrieved for them, in knowledge bases of their own."""
    every = size.pick(tiny=60, quick=6, normal=1)
    with TemporaryDirectory(prefix="cloister-bench-") as folder, opened_samples() as services:
        reader = _Reader(services)
        golden = list(_golden_cases(services, reader, every))
        if not SETS_FOLDER.is_dir():
            return golden
        place = Path(folder)
        return [
            *_clapnq_cases(services, reader, place, every),
            *golden,
            *_xquad_cases(services, reader, place, every, is_tiny=size is Size.TINY),
        ]


class _Reader:
    """Turns questions and passages into cases."""

    def __init__(self, services: Services) -> None:
        self._retriever = services.retriever()
        self._embedder = Remembering(self._retriever.embedder)
        self._languages = services.settings.sparse.languages
        self._k = services.settings.retrieve.passages

    def ask(self, group: str, question: str, access: Access, *, is_answerable: bool) -> Case:
        passages = self._retriever.retrieve(question, access=access, k=self._k)
        return self.case(group, question, passages, is_answerable=is_answerable)

    def ask_one(self, group: str, question: str, access: Access, document: str, *, is_answerable: bool) -> Case:
        """As if this document were all there is."""
        found = self._retriever.retrieve(question, access=access, k=_DEEP)
        own = [passage for passage in found if passage.document == document]
        return self.case(group, question, own, is_answerable=is_answerable)

    def case(self, group: str, question: str, passages: Sequence[Passage], *, is_answerable: bool) -> Case:
        if not passages or missing_codes(question, tuple(passages)):
            return Case(group, question, is_answerable, None, 0.0, 0.0)
        reading = read_closely(question, passages, embedder=self._embedder)
        language = question_language(question, self._languages) or passages[0].language
        return Case(
            group,
            question,
            is_answerable,
            measure(question, reading, language),
            max(passage.similarity for passage in passages),
            max(_word_share(question, passage) for passage in passages),
        )


def _clapnq_cases(services: Services, reader: _Reader, folder: Path, every: int) -> Iterator[Case]:
    place = folder / CLAPNQ
    place.mkdir()
    records = [
        (json.loads(line), part == "answerable")
        for part in ("answerable", "unanswerable")
        for line in (SETS_FOLDER / "clapnq" / f"clapnq_dev_{part}.jsonl").read_text(encoding="utf-8").splitlines()
    ][::every]
    for number, (record, _) in enumerate(records):
        (passage,) = record["passages"]
        (place / f"{number:04}.md").write_text(f"# {passage['title']}\n\n{passage['text']}\n", encoding="utf-8")
    take_in(services, [place], knowledge_base=CLAPNQ)
    access, samples = open_access(services, CLAPNQ), open_access(services, SAMPLES)
    for number, (record, is_answerable) in enumerate(records):
        question, name = record["input"], f"{number:04}.md"
        yield reader.ask_one(OWN, question, access, name, is_answerable=is_answerable)
        yield reader.ask(ALL, question, access, is_answerable=is_answerable)
        if number % 3 == 0:
            yield reader.ask(f"{FOREIGN}: clapnq to samples", question, samples, is_answerable=False)


def _golden_cases(services: Services, reader: _Reader, every: int) -> Iterator[Case]:
    answerable, unanswerable = read_golden()
    access = open_access(services, SAMPLES)
    for golden in answerable[:: max(every // 6, 1)]:
        yield reader.ask(GOLDEN, golden.question, access, is_answerable=True)
    for golden in unanswerable:
        yield reader.ask(GOLDEN, golden.question, access, is_answerable=False)


def _xquad_cases(services: Services, reader: _Reader, folder: Path, every: int, *, is_tiny: bool) -> Iterator[Case]:
    """Questions that the documents answer, and the same asked of other documents. Every fourth: 298 a language."""
    samples = open_access(services, SAMPLES)
    for chosen in (each for each in list_sets(is_full=False) if each.name.startswith("xquad")):
        questions = chosen.questions[:: 4 * every]
        needed = {name for asked in questions for name in asked.documents}
        _write(chosen, needed if is_tiny else chosen.texts.keys(), folder, services)
        access = open_access(services, chosen.name)
        for asked in questions:
            yield reader.ask(chosen.name, asked.text, access, is_answerable=True)
            yield reader.ask(f"{FOREIGN}: {chosen.name} to samples", asked.text, samples, is_answerable=False)
        for golden in read_golden()[0][::every]:
            yield reader.ask(f"{FOREIGN}: samples to {chosen.name}", golden.question, access, is_answerable=False)


def _write(chosen: RetrievalSet, names: Iterable[str], folder: Path, services: Services) -> None:
    place = folder / chosen.name
    place.mkdir()
    for name in names:
        (place / name).write_text(chosen.texts[name], encoding="utf-8")
    take_in(services, [place], knowledge_base=chosen.name)


def _word_share(question: str, passage: Passage) -> float:
    wanted = telling_words(question)
    there = telling_words(" ".join((passage.document, passage.title, *passage.headings, passage.text)))
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _fit(values: NDArray[np.float64], cases: Sequence[Case]):  # type: ignore[no-untyped-def]
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
    from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    answerable = [case.is_answerable for case in cases]
    return model.fit(values, answerable, logisticregression__sample_weight=_weights(cases))


def _weights(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Every group counts the same for each of its two answers, whatever its size; foreign questions, easy, a third."""
    keys = [(case.group, case.is_answerable) for case in cases]
    count = {key: keys.count(key) for key in set(keys)}
    scale = {key: 0.3 if key[0].startswith(FOREIGN) else 1.0 for key in count}
    return np.array([1_000 * scale[key] / count[key] for key in keys])


def _refused_held_out(values: NDArray[np.float64], cases: Sequence[Case], threshold: float | None) -> NDArray[np.bool_]:
    """Whether each question is refused, by a fit without it; without a threshold, by one found on the same questions.

    The same question asked of several knowledge bases stays in one fold.
    """
    from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

    questions = [case.question for case in cases]
    refused = np.zeros(len(cases), dtype=bool)
    for train, test in GroupKFold(FOLDS).split(values, groups=questions):
        known = [cases[row] for row in train]
        model = _fit(values[train], known)
        limit = _threshold(model.predict_proba(values[train])[:, 1], known) if threshold is None else threshold
        refused[test] = model.predict_proba(values[test])[:, 1] < limit
    return np.logical_or(refused, [case.signals is None for case in cases])


def _threshold(probability: NDArray[np.float64], cases: Sequence[Case]) -> float:
    """The highest that refuses no more of XQuAD, in either language, than is allowed."""
    return min(
        float(np.quantile(probability[[case.group == name for case in cases]], MAX_REFUSED))
        for name in ("xquad.en", "xquad.de")
    )


def _judge(
    cases: Sequence[Case], refused: Mapping[str, NDArray[np.bool_]], groups_by_name: Mapping[str, Sequence[str]]
) -> Iterator[Figure]:
    for name, groups in groups_by_name.items():
        rows = [row for row, case in enumerate(cases) if case.group in groups]
        answerable = np.array([cases[row].is_answerable for row in rows])
        ours = refused["ours"][rows]
        balanced = _balanced(answerable, ours)
        target, is_met = (f"≥ {MIN_BALANCED:g}", balanced >= MIN_BALANCED) if len(groups) > 1 else ("", None)
        yield Figure(f"{name}: balanced accuracy", "share", balanced, target=target, is_met=is_met)
        for other in sorted(refused.keys() - {"ours"}):
            value = _balanced(answerable, refused[other][rows])
            yield Figure(f"{name}: balanced accuracy, {other}", "share", balanced, value, balanced / value)
        yield Figure(f"{name}: precision of abstaining", "share", _share(ours, ~answerable))
        yield Figure(f"{name}: recall of abstaining", "share", _share(~answerable, ours))
        yield Figure(f"{name}: refused although answerable", "share", _share(answerable, ours))


def _judge_kept(cases: Sequence[Case], refused: NDArray[np.bool_]) -> Iterator[Figure]:
    for group in sorted({case.group for case in cases} - {OWN, ALL, GOLDEN}):
        share = float(refused[[case.group == group for case in cases]].mean())
        if group.startswith(FOREIGN):
            yield Figure(f"{group}: refused", "share", share)
        else:
            yield Figure(f"{group}: refused", "share", share, target=f"≤ {MAX_REFUSED:g}", is_met=share <= MAX_REFUSED)


def _balanced(answerable: NDArray[np.bool_], refused: NDArray[np.bool_]) -> float:
    """Mean of the shares of answerable questions answered and of unanswerable ones refused; one rule for all is 0.5."""
    return (_share(answerable, ~refused) + _share(~answerable, refused)) / 2


def _share(among: NDArray[np.bool_], hit: NDArray[np.bool_]) -> float:
    return float(hit[among].mean()) if among.any() else 0.0


def _write_calibration(say: Callable[[str], None] = print) -> None:
    settings = load_settings()
    cases = collect_cases(Size.NORMAL)
    intercept, *weights = (round(value, 3) for value in fit(cases))
    with opened_services() as services:
        model = services.embedder.get().model_id
    calibration = Calibration(
        intercept=intercept,
        **dict(zip(("sentence", "passage", "words", "unknown"), weights, strict=True)),
        embedding_model=model,
        provenance=(
            f"Logistic regression by bench/abstention.py over {len(cases)} questions (CLAP NQ dev, XQuAD en and de, "
            f"tests/golden.yaml), every group and answer weighted alike, at commit {read_commit()}."
        ),
    )
    settings.answer.calibration.write_text(calibration.model_dump_json(indent=2) + "\n", encoding="utf-8")
    say(str(settings.answer.calibration))


if __name__ == "__main__":
    _write_calibration()
