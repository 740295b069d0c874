"""How well the passages bear out a sentence: the check behind every citation, the same for every model."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.answer.units import Unit, list_units
from app.answer.words import coverage, is_number, telling_words, term_weights
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
class _Weighed:
    """A unit with its words, those of its table's header, and how much of the question it is about (1 for the best)."""

    unit: Unit
    words: frozenset[str]
    columns: frozenset[str]
    subject: frozenset[str]
    topic: float

    def share(self, own: frozenset[str]) -> float:
        """The part of a sentence's own words that the unit holds, column names included; 0 where it holds no other."""
        return len(own & (self.words | self.columns)) / len(own) if own & self.words else 0.0

    def holds_figures(self, own: frozenset[str], asked: frozenset[str]) -> bool:
        """Whether a sentence's own figures stand in the unit, and those of the question in it or above it.

        Some may be column names (“2022”), but not all of them.
        """
        figures = {word for word in own if is_number(word)}
        asked_figures = {word for word in asked if is_number(word)}
        if figures and not figures & self.words:
            return False
        return figures <= self.words | self.columns and asked_figures <= self.words | self.subject


class Evidence:
    """The passages' units, weighed once against the question."""

    def __init__(self, question: str, passages: Sequence[Passage]) -> None:
        units = [unit for unit in list_units(passages) if unit.is_statement]
        in_context = [telling_words(unit.in_context) for unit in units]
        self._asked = telling_words(question)
        weight = term_weights(self._asked, in_context)
        topics = [coverage(weight, there) for there in in_context]
        most = max(topics, default=0.0) or 1.0
        self._weighed = [
            _Weighed(
                unit, telling_words(unit.text), telling_words(unit.header), telling_words(unit.subject), topic / most
            )
            for unit, topic in zip(units, topics, strict=True)
        ]

    def find_support(self, sentence: str, *, among: Sequence[int] = ()) -> Support | None:
        """The unit that bears the sentence out best, of the passages with these ranks (none named: of all).

        Some sentences prove nothing and have no support: those that only repeat the question, or add a single word
        to it that is no figure, and bare figures. None also where no word is shared. Verified units go before
        others, then the larger share, then the closer topic, then the earlier unit.
        """
        said = telling_words(sentence)
        own = said - self._asked
        if all(map(is_number, said)) or not own or (len(own) == 1 and not any(map(is_number, own))):
            return None
        min_topic = MIN_TOPIC_SHARE if len(own) > 1 else MIN_TOPIC_SHARE_OF_A_FIGURE
        best: tuple[bool, float, float] = (False, 0.0, 0.0)
        found: Support | None = None
        for weighed in self._weighed:
            if among and weighed.unit.passage.rank not in among:
                continue
            share = weighed.share(own)
            verified = (
                share >= MIN_WORD_SHARE
                and weighed.topic >= min_topic
                and weighed.holds_figures(own, said & self._asked)
            )
            rank = (verified, share, weighed.topic)
            if share > 0 and rank > best:
                best, found = rank, Support(weighed.unit, share, verified)
        return found
