"""Check what the model wrote against the passages, and tie every sentence to the words that bear it out.

The model's own markers are proposals: one that points to no passage is removed, one whose passage does not hold
the sentence gives way to a passage that does. A sentence without a marker is given one when a passage verifies it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.answer.excerpt import Excerpt
from app.answer.phrases import phrases_for
from app.answer.sentences import split_units
from app.answer.support import Evidence, Support
from app.answer.words import telling_words
from app.domain import Citation, Passage

_MARKER = re.compile(r"[\[【]\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*[\]】]")
_LIST_MARK = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•])\s+")
# Sentences that must be borne out for the model's words to be shown at all.
MIN_VERIFIED_PART = 0.5
_SPACE_BEFORE_END = re.compile(r"\s+([.,;:!?])")
_HEADING_MARK = re.compile(r"^#{1,6}\s+")
_TABLE_RULE = re.compile(r"[\s|:-]*")


@dataclass(frozen=True, slots=True)
class CitedText:
    """An answer's text with markers `[n]` that all have a citation, in order of first use."""

    text: str
    citations: tuple[Citation, ...]


def cite(written: str, passages: Sequence[Passage], *, question: str) -> CitedText:
    """The model's text with checked citations; empty when fewer than half of its sentences are borne out.

    A sentence that was said before is left out: small models repeat themselves.
    """
    evidence = Evidence(question, passages)
    parts: list[str] = []
    citations: list[Citation] = []
    said: set[frozenset[str]] = set()
    verified = 0
    for lead, unit in _with_leads(written):
        sentence, proposed = _take_markers(unit)
        told = telling_words(_LIST_MARK.sub("", sentence))
        if told in said:
            continue
        said.add(told)
        supports = _supports(_LIST_MARK.sub("", sentence), proposed, evidence)
        verified += any(support.is_verified for support in supports)
        citations.extend(_cite_unit(support) for support in supports)
        markers = "".join(f" [{support.unit.passage.rank}]" for support in supports)
        parts.append(lead + sentence + markers)
    if verified == 0 or verified < MIN_VERIFIED_PART * len(said - {frozenset()}):
        return CitedText("", ())
    return CitedText("".join(parts).strip(), _merged(citations))


def quote_evidence(excerpts: Sequence[Excerpt], language: str) -> CitedText:
    """The documents' own words in place of an answer that nothing bears out."""
    if not excerpts:
        return CitedText(phrases_for(language).not_found, ())
    quotes = [_block_quote(excerpt) for excerpt in excerpts]
    citations = [_cite(each.passage, each.start, each.end, each.text, verified=True) for each in excerpts]
    return CitedText("\n\n".join((phrases_for(language).in_their_words, *quotes)), tuple(citations))


def _with_leads(text: str) -> list[tuple[str, str]]:
    """The text's units, each after the white space that stands before it."""
    spans = split_units(text)
    ends = [0, *(end for _, end in spans)]
    return [(text[before:start], text[start:end]) for (start, end), before in zip(spans, ends, strict=False)]


def _take_markers(unit: str) -> tuple[str, list[int]]:
    """The unit without its markers, and the numbers they named."""
    numbers = [int(number) for match in _MARKER.finditer(unit) for number in re.findall(r"\d+", match.group(1))]
    bare = re.sub(r"[^\S\n]{2,}", " ", _MARKER.sub(" ", unit))
    return _SPACE_BEFORE_END.sub(r"\1", bare).strip(), numbers


def _supports(sentence: str, proposed: Sequence[int], evidence: Evidence) -> list[Support]:
    found = [support for number in proposed if (support := evidence.find_support(sentence, among=[number]))]
    verified = [support for support in found if support.is_verified]
    if verified:
        return verified
    better = evidence.find_support(sentence)
    return [better] if better and better.is_verified else found


def _cite_unit(support: Support) -> Citation:
    unit = support.unit
    return _cite(unit.passage, unit.start, unit.end, unit.text, verified=support.is_verified)


def _cite(passage: Passage, start: int, end: int, text: str, *, verified: bool) -> Citation:
    return Citation(
        n=passage.rank,
        document_id=passage.document_id,
        document=passage.document,
        page=passage.page_at(start),
        start=start,
        end=end,
        quote=" ".join(text.split()),
        verified=verified,
    )


def _merged(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Each quote once; verified wherever one of its uses is."""
    merged: dict[tuple[int, int, int], Citation] = {}
    for citation in citations:
        key = (citation.n, citation.start, citation.end)
        if key not in merged or (citation.verified and not merged[key].verified):
            merged[key] = citation
    return tuple(merged.values())


def _block_quote(excerpt: Excerpt) -> str:
    """The excerpt as a Markdown quote with its marker; rows of a table stay a table, with its header."""
    marker = f"[{excerpt.passage.rank}]"
    lines = [line.strip() for line in excerpt.text.splitlines() if not _TABLE_RULE.fullmatch(line)]
    if not excerpt.header:
        text = " ".join(re.sub(r"\s*\|\s*", " · ", _HEADING_MARK.sub("", line).strip("| ")) for line in lines)
        return f"> {text} {marker}"
    rule = "|" + " --- |" * (excerpt.header.strip().strip("|").count("|") + 1)
    return "\n".join(f"> {line}".rstrip() for line in (excerpt.header, rule, *lines, "", marker))
