"""Estimate from what was retrieved how likely the documents are to answer a question."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from app.answer.reading.excerpt import Reading
from app.answer.reading.units import Unit
from app.answer.text.facts import facts_held, list_facts
from app.answer.text.names import known_words, missing_names
from app.answer.text.words import is_number, telling_words
from app.domain import Passage
from app.errors import SettingsError

# An error code, an order number, a standard: letters first, then figures (E33, SO-25-0199, ISO 9001 as one word).
_CODE = re.compile(r"\b[A-Za-z]{1,6}-?\d[\w-]*\b")
# A figure or a code that the question shares with a passage tells more than a word does.
FIGURE_WEIGHT = 3.0
# How much shared words count beside the cosines when the passage that answers best is chosen.
_WORDS_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Signals:
    """What the passage that speaks to the question most says for and against an answer.

    `sentence`: cosine of the question with its best sentence, `passage`: with all of its sentences together, both
    without the headings above them: a title says what a text is about, not that it answers. `words`: part of the
    question's telling words, those of title and headings left out, that its sentences hold; figures count
    threefold. `unknown`: 1 when the question names somebody, something or a figure that no passage contains, else 0.
    """

    sentence: float
    passage: float
    words: float
    unknown: float

    def as_row(self) -> tuple[float, float, float, float]:
        """The values in the order of a calibration's weights."""
        return self.sentence, self.passage, self.words, self.unknown


class Calibration(BaseModel):
    """The weights of a logistic regression over the signals, and how they came to be (`provenance`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    sentence: float
    passage: float
    words: float
    unknown: float
    embedding_model: str
    provenance: str

    @classmethod
    def read(cls, path: Path) -> "Calibration":
        """Raises SettingsError when the file is missing or is no calibration."""
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as exc:
            raise SettingsError(f"{path} cannot be read as a calibration; check answer.calibration.") from exc

    def probability(self, signals: Signals) -> float:
        """How likely the documents are to answer, in [0, 1]."""
        weights = (self.sentence, self.passage, self.words, self.unknown)
        total = self.intercept + sum(w * value for w, value in zip(weights, signals.as_row(), strict=True))
        return 1 / (1 + math.exp(-total))


def estimate_answerable(question: str, reading: Reading, language: str, calibration: Calibration) -> float:
    """The probability, in [0, 1], that the passages answer the question; 0 where nothing was found.

    A code that no passage holds (E33) makes the question one about something else, however close the rest is: 0.
    """
    if not reading.units or missing_codes(question, reading.passages):
        return 0.0
    return calibration.probability(measure(question, reading, language))


def measure(question: str, reading: Reading, language: str) -> Signals:
    """The signals of the passage that speaks to the question most. There must be at least one unit."""
    wanted = telling_words(question)
    candidates = [_compare(wanted, passage, reading) for passage in reading.passages]
    best = max((each for each in candidates if each), key=lambda each: each[0])
    return Signals(*best[1:], unknown=float(_names_unknown(question, reading.passages, language)))


def missing_codes(question: str, passages: tuple[Passage, ...]) -> set[str]:
    """The question's codes that stand in no passage, however they are spaced there."""
    there = _squeezed(" ".join(_all_words(passage) for passage in passages))
    return {code for code in _CODE.findall(question) if _squeezed(code) not in there}


def _compare(wanted: frozenset[str], passage: Passage, reading: Reading) -> tuple[float, float, float, float] | None:
    """(rank among passages, sentence, passage, words) of one passage; None where it has no unit."""
    rows = _rows_of(passage, reading)
    if not rows:
        return None
    units, vectors = [reading.units[row] for row in rows], reading.plain[rows]
    sentence = float(np.max(vectors @ reading.asked))
    together = float(_centre(vectors, units) @ reading.asked)
    held = telling_words(" ".join((passage.table_header, *(unit.text for unit in units))))
    above = telling_words(" ".join((passage.document, passage.title, *passage.headings)))
    rank = sentence + together + _WORDS_WEIGHT * _part(wanted & (held | above), wanted)
    return rank, sentence, together, _part((wanted - above) & held, wanted - above)


def _rows_of(passage: Passage, reading: Reading) -> list[int]:
    """The passage's statements among the units; its headings where it has nothing else."""
    rows = [row for row, unit in enumerate(reading.units) if unit.passage is passage]
    return [row for row in rows if reading.units[row].is_statement] or rows


def _centre(vectors: NDArray[np.float32], units: list[Unit]) -> NDArray[np.float32]:
    """The direction of all units together, long ones counting more."""
    total = vectors.T @ np.array([len(unit.text) for unit in units], dtype=np.float32)
    return np.asarray(total / (np.linalg.norm(total) or 1.0), dtype=np.float32)


def _part(found: frozenset[str], wanted: frozenset[str]) -> float:
    """The weighted part of the wanted words that was found; all where none is wanted."""
    return _weight(found) / _weight(wanted) if wanted else 1.0


def _weight(words: frozenset[str]) -> float:
    return sum(FIGURE_WEIGHT if is_number(word) else 1.0 for word in words)


def _names_unknown(question: str, passages: tuple[Passage, ...], language: str) -> bool:
    texts = [(_all_words(passage), passage.language) for passage in passages]
    known = frozenset().union(*(known_words(text) for text, _ in texts))
    if any(missing_names(question, language, known)):
        return True
    facts = frozenset().union(*(facts_held(text, spoken) for text, spoken in texts))
    return any(not fact.is_in(facts) for fact in list_facts(question, language))


def _all_words(passage: Passage) -> str:
    return " ".join((passage.document, passage.title, *passage.headings, passage.table_header, passage.text))


def _squeezed(text: str) -> str:
    return re.sub(r"\W|_", "", text).casefold()
