"""How well the passages bear out a sentence: the check behind every citation, the same for every model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from app.answer.reading.units import Unit, list_units
from app.answer.text.facts import Fact, facts_held, list_facts, without_figures
from app.answer.text.names import known_words, missing_names
from app.answer.text.negation import contradicts
from app.answer.text.numbers import spelled
from app.answer.text.words import coverage, telling_words, term_weights
from app.domain import Passage

# A sentence is borne out by a unit that holds this part of its own words, all its figures (those of the question
# may stand in the heading or the title), and … A row holds its column names too, but they alone prove nothing.
MIN_WORD_SHARE = 0.6
# … this part of what the best unit holds of the question: a figure in a line about something else proves nothing.
MIN_TOPIC_SHARE = 0.5
# A sentence that adds nothing but a figure must be said of just what was asked about.
MIN_TOPIC_SHARE_OF_A_FIGURE = 0.8


@dataclass(frozen=True, slots=True)
class Support:
    """The unit that fits a sentence best; `share` is the part of the sentence's own words that it holds."""

    unit: Unit
    share: float
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence taken apart: what it adds to the question, and what it takes up from it."""

    text: str
    facts: tuple[Fact, ...]
    own_words: frozenset[str]
    own_figures: tuple[Fact, ...]
    asked_figures: tuple[Fact, ...]
    is_bare: bool

    @property
    def parts(self) -> int:
        """How many words and figures it adds to the question."""
        return len(self.own_words) + len(self.own_figures)

    @property
    def states_something(self) -> bool:
        """Bare figures, the question's own words, and those with one more word that is no figure state nothing."""
        return not self.is_bare and self.parts > (0 if self.own_figures else 1)


@dataclass(frozen=True, slots=True)
class _Words:
    """A text as sentences are compared with it."""

    words: frozenset[str]
    facts: frozenset[str]

    @classmethod
    def of(cls, text: str, language: str) -> "_Words":
        facts = facts_held(text, language)
        return cls(telling_words(text) | spelled(facts), facts)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A unit with its words, those of its table's header, and how much of the question it is about (1 for the best)."""

    unit: Unit
    own: _Words
    columns: _Words
    subject: _Words
    topic: float

    def share(self, said: Said) -> float:
        """The part of a sentence's own words and figures that it holds, column names included; they alone are 0."""
        if not (said.own_words & self.own.words or _held(said.own_figures, self.own.facts)):
            return 0.0
        words = len(said.own_words & (self.own.words | self.columns.words))
        return (words + len(_held(said.own_figures, self.own.facts | self.columns.facts))) / said.parts

    def holds_figures(self, said: Said) -> bool:
        """Whether a sentence's own figures stand in the unit, and those of the question in it or above it.

        Some may be column names (“2022”), but not all of them.
        """
        if said.own_figures and not _held(said.own_figures, self.own.facts):
            return False
        own = _held(said.own_figures, self.own.facts | self.columns.facts)
        asked = _held(said.asked_figures, self.own.facts | self.subject.facts)
        return len(own) == len(said.own_figures) and len(asked) == len(said.asked_figures)


class Evidence:
    """The passages' units, weighed once against the question.

    `language` (ISO 639-1 or "") is the one that answers are written in: it decides what 1.200 means.
    """

    def __init__(self, question: str, passages: Sequence[Passage], *, language: str = "") -> None:
        self._language = language
        self._passages = passages
        self._asked_words = telling_words(question)
        self._asked = facts_held(question, language)
        self._known_by_rank = {each.rank: known_words(_all_words(each)) | known_words(question) for each in passages}
        self._facts_by_rank = {each.rank: facts_held(_all_words(each), each.language) for each in passages}
        units = [unit for unit in list_units(passages) if unit.is_statement]
        in_context = [telling_words(unit.in_context) for unit in units]
        weight = term_weights(self._asked_words, in_context)
        topics = [coverage(weight, there) for there in in_context]
        most = max(topics, default=0.0) or 1.0
        words_of = cache(_Words.of)  # many units stand below one heading
        self._weighed = [_weigh(unit, topic / most, words_of) for unit, topic in zip(units, topics, strict=True)]

    def take_apart(self, sentence: str) -> Said:
        """What a sentence adds to the question."""
        facts = list_facts(sentence, self._language)
        words = telling_words(without_figures(sentence, facts))
        figures = [fact for fact in facts if fact.is_figure]
        return Said(
            sentence,
            tuple(facts),
            words - self._asked_words,
            tuple(fact for fact in figures if not fact.is_in(self._asked)),
            tuple(fact for fact in figures if fact.is_in(self._asked)),
            is_bare=not words,
        )

    def find_support(self, sentence: str, *, among: Sequence[int] = ()) -> Support | None:
        """The unit that bears the sentence out best, of the passages with these ranks (none named: of all).

        Some sentences prove nothing and have no support: those that only repeat the question, or add a single word
        to it that is no figure, and bare figures. None also where no word is shared. Verified units go before
        others, then the larger share, then the closer topic, then the earlier unit.
        """
        said = self.take_apart(sentence)
        if not said.states_something:
            return None
        best: tuple[bool, float, float] = (False, 0.0, 0.0)
        found: Support | None = None
        for weighed in self._weighed:
            if among and weighed.unit.passage.rank not in among:
                continue
            share = weighed.share(said)
            verified = share >= MIN_WORD_SHARE and self._bears_out(weighed, said)
            rank = (verified, share, weighed.topic)
            if share > 0 and rank > best:
                best, found = rank, Support(weighed.unit, share, verified)
        return found

    def missing(self, sentence: str, ranks: Iterable[int] = ()) -> tuple[str, ...]:
        """The numbers, dates and names in a sentence, as written, that none of these passages (of all) contains.

        What the question names is known; its figures have to stand in the passages all the same.
        """
        chosen = [*ranks] or [*self._known_by_rank]
        facts: frozenset[str] = frozenset().union(*(self._facts_by_rank[rank] for rank in chosen))
        known: frozenset[str] = frozenset().union(*(self._known_by_rank[rank] for rank in chosen))
        lost = [(fact.start, fact.end) for fact in list_facts(sentence, self._language) if not fact.is_in(facts)]
        inside = list_facts(sentence, self._language)
        names = [
            (start, end)
            for start, end in missing_names(sentence, self._language, known)
            if not any(fact.start < end and start < fact.end for fact in inside)
        ]
        return tuple(dict.fromkeys(sentence[start:end] for start, end in sorted(lost + names)))

    def _bears_out(self, weighed: _Weighed, said: Said) -> bool:
        min_topic = MIN_TOPIC_SHARE if said.parts > 1 else MIN_TOPIC_SHARE_OF_A_FIGURE
        return (
            weighed.topic >= min_topic
            and weighed.holds_figures(said)
            and not contradicts(said.text, weighed.unit.text)
            and not self.missing(said.text, [weighed.unit.passage.rank])
        )


def _weigh(unit: Unit, topic: float, words_of: Callable[[str, str], _Words]) -> _Weighed:
    language = unit.passage.language
    own, columns, subject = (words_of(text, language) for text in (unit.text, unit.header, unit.subject))
    return _Weighed(unit, own, columns, subject, topic)


def _held(figures: Iterable[Fact], facts: frozenset[str]) -> list[Fact]:
    return [figure for figure in figures if figure.is_in(facts)]


def _all_words(passage: Passage) -> str:
    return "\n".join((passage.document, passage.title, *passage.headings, passage.table_header, passage.text))
