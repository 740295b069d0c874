"""Check what the model writes against the passages, and tie every sentence to the words that bear it out.

The model's own markers are proposals: one that points to no passage is removed, one whose passage does not hold
the sentence gives way to a passage that does. A sentence without a marker is given one when a passage verifies it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.answer.checking.support import Evidence, Support
from app.answer.events import Checked
from app.answer.text.sentences import split_units
from app.answer.text.words import telling_words
from app.domain import Citation, Passage, Statement

_MARKERS = re.compile(r"(?:[\[【]\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*[\]】][^\S\n]*)+")
# What may still become markers when more is written.
_OPEN_MARKERS = re.compile(rf"(?:{_MARKERS.pattern})?(?:[\[【][\d,;\s]*)?")
_LIST_MARK = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•])\s+")
# Sentences that must be borne out for the model's words to be shown at all.
MIN_VERIFIED_PART = 0.5
_SPACE_BEFORE_END = re.compile(r"\s+([.,;:!?])")
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class CitedText:
    """An answer's text with markers `[n]` that all have a citation, in order of first use, and its sentences."""

    text: str
    citations: tuple[Citation, ...]
    statements: tuple[Statement, ...] = ()


def cite(written: str, passages: Sequence[Passage], *, question: str, language: str = "") -> CitedText:
    """The model's text with checked citations; empty when fewer than half of its sentences are borne out."""
    citer = Citer(passages, question=question, language=language)
    citer.feed(written)
    return citer.finish()


class Citer:
    """Checks a text while it is written. However it is cut into pieces, the result is the same.

    `language` (ISO 639-1 or "") is the one the text is written in.
    """

    def __init__(self, passages: Sequence[Passage], *, question: str, language: str = "") -> None:
        self._evidence = Evidence(question, passages, language=language)
        self._ranks = frozenset(passage.rank for passage in passages)
        # What is not settled yet: all from the end of the last settled sentence on.
        self._rest = ""
        self._has_settled = False
        self._text = ""
        self._citations: list[Citation] = []
        self._statements: list[Statement] = []
        self._said: set[frozenset[str]] = set()
        self._telling = 0
        # The sentences, with their citations, at whose end at least half were borne out.
        self._standing = (0, 0)

    def feed(self, piece: str) -> Checked | None:
        """Take in the next piece; what is checked by now when it completes a sentence, else None.

        A sentence is complete once the next one has begun, markers after its full stop included.
        """
        self._rest += piece
        if not self._settle(is_over=False):
            return None
        pending = self._rest if not self._opens_joined(self._rest) else _without_leading(self._rest)
        return Checked(
            self._text, pending, _merged(self._citations), tuple(self._statements), standing=len(self._standing_text)
        )

    def finish(self, *, keeps_all: bool = False, keeps_standing: bool = False) -> CitedText:
        """The whole text, checked; empty when fewer than half of its sentences are borne out, unless it `keeps_all`.

        `keeps_standing`: then it is cut to the sentences up to which at least half were, as `Checked.standing` told.
        """
        self._settle(is_over=True)
        if keeps_all or self._is_borne_out():
            return CitedText(self._text, _merged(self._citations), tuple(self._statements))
        if keeps_standing:
            statements, citations = self._standing
            kept = _merged(self._citations[:citations])
            return CitedText(self._standing_text, kept, tuple(self._statements[:statements]))
        return CitedText("", ())

    @property
    def _standing_text(self) -> str:
        statements, _ = self._standing
        return self._text[: self._statements[statements - 1].end] if statements else ""

    def _is_borne_out(self) -> bool:
        verified = sum(statement.is_verified for statement in self._statements)
        return verified > 0 and verified >= MIN_VERIFIED_PART * self._telling

    def _settle(self, *, is_over: bool) -> int:
        """Check the sentences that further text cannot change; how many there were."""
        spans = split_units(self._rest)
        units = [self._rest[start:end] for start, end in spans]
        ends = [0, *(end for _, end in spans)]
        leads = [self._rest[end:start] for end, (start, _) in zip(ends, spans, strict=False)]
        joined = [
            (position > 0 or self._has_settled) and "\n" not in lead and _MARKERS.match(unit) is not None
            for position, (lead, unit) in enumerate(zip(leads, units, strict=True))
        ]
        settled = len(units) if is_over else _count_settled(units, leads)
        for position in range(settled):
            after = _leading_numbers(units[position + 1]) if position + 1 < len(units) and joined[position + 1] else []
            unit = _without_leading(units[position]) if joined[position] else units[position]
            self._check(leads[position], unit, after)
        if settled:
            self._rest = self._rest[spans[settled - 1][1] :]
            self._has_settled = True
        return settled

    def _opens_joined(self, rest: str) -> bool:
        return "\n" not in rest[: len(rest) - len(rest.lstrip())]

    def _check(self, lead: str, unit: str, after: Sequence[int]) -> None:
        """Add one sentence; one that was said before is left out: small models repeat themselves."""
        sentence, proposed = _take_markers(unit)
        bare = _LIST_MARK.sub("", sentence)
        told = telling_words(bare)
        key = told or frozenset({bare.casefold()})
        if key in self._said or not _LETTER.search(bare):
            return
        self._said.add(key)
        self._telling += bool(told)
        supports = self._supports(bare, [number for number in (*proposed, *after) if number in self._ranks])
        self._citations.extend(_cite_unit(support) for support in supports)
        cited = tuple(dict.fromkeys(support.unit.passage.rank for support in supports))
        start = len(self._text) + (len(lead) if self._text else 0)
        self._text += (lead if self._text else "") + sentence + "".join(f" [{rank}]" for rank in cited)
        is_verified = any(support.is_verified for support in supports)
        missing = self._evidence.missing(bare, cited)
        self._statements.append(Statement(start, len(self._text), cited, is_verified, missing))
        if self._is_borne_out():
            self._standing = len(self._statements), len(self._citations)

    def _supports(self, sentence: str, proposed: Sequence[int]) -> list[Support]:
        found = [support for number in proposed if (support := self._evidence.find_support(sentence, among=[number]))]
        verified = [support for support in found if support.is_verified]
        if verified:
            return verified
        better = self._evidence.find_support(sentence)
        return [better] if better and better.is_verified else found


def cite_span(passage: Passage, start: int, end: int, text: str, *, verified: bool) -> Citation:
    """A citation of these characters of the document, which lie in the passage."""
    return Citation(
        n=passage.rank,
        document_id=passage.document_id,
        document=passage.document,
        page=passage.page_at(start),
        start=start,
        end=end,
        quote=" ".join(text.split()),
        verified=verified,
        url=passage.url if passage.is_web else "",
        added=passage.added,
        flags=passage.flags,
    )


def _count_settled(units: Sequence[str], leads: Sequence[str]) -> int:
    """How many units stay as they are whatever comes: not the last one, nor one whose markers may be coming."""
    settled = max(len(units) - 1, 0)
    while settled and "\n" not in leads[settled] and _OPEN_MARKERS.fullmatch(units[settled]):
        settled -= 1
    return settled


def _take_markers(unit: str) -> tuple[str, list[int]]:
    """The unit without its markers, and the numbers they named."""
    bare = re.sub(r"[^\S\n]{2,}", " ", _MARKERS.sub(" ", unit))
    return _SPACE_BEFORE_END.sub(r"\1", bare).strip(), _numbers("".join(_MARKERS.findall(unit)))


def _leading_numbers(unit: str) -> list[int]:
    markers = _MARKERS.match(unit)
    return _numbers(markers.group()) if markers else []


def _without_leading(unit: str) -> str:
    return _MARKERS.sub("", unit, count=1) if _MARKERS.match(unit.lstrip()) else unit


def _numbers(markers: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", markers)]


def _cite_unit(support: Support) -> Citation:
    unit = support.unit
    return cite_span(unit.passage, unit.start, unit.end, unit.text, verified=support.is_verified)


def _merged(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Each quote once; verified wherever one of its uses is."""
    merged: dict[tuple[int, int, int], Citation] = {}
    for citation in citations:
        key = (citation.n, citation.start, citation.end)
        if key not in merged or (citation.verified and not merged[key].verified):
            merged[key] = citation
    return tuple(merged.values())
