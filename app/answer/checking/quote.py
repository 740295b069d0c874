"""Answer in the documents' own words, where nothing bears out what the model wrote."""

import re
from collections.abc import Sequence

from app.answer.checking.cite import CitedText, cite_span
from app.answer.reading.excerpt import Excerpt
from app.answer.text.phrases import Phrases, phrases_for
from app.domain import Statement

_HEADING_MARK = re.compile(r"^#{1,6}\s+")
_TABLE_RULE = re.compile(r"[\s|:-]*")


def quote_evidence(excerpts: Sequence[Excerpt], language: str, *, was_on_web: bool = False) -> CitedText:
    """The documents' own words after a plain sentence in this language; that nothing was found without any.

    `was_on_web`: pages of the web were among what was read.
    """
    phrases = phrases_for(language)
    if not excerpts:
        return CitedText(phrases.not_found_on_web if was_on_web else phrases.not_found, ())
    text = _whose_words(excerpts, phrases)
    statements: list[Statement] = []
    for excerpt in excerpts:
        quote = _block_quote(excerpt)
        start = len(text) + len("\n\n")
        text = f"{text}\n\n{quote}"
        statements.append(Statement(start, len(text), (excerpt.passage.rank,), is_verified=True))
    citations = (cite_span(each.passage, each.start, each.end, each.text, verified=True) for each in excerpts)
    return CitedText(text, tuple(citations), tuple(statements))


def _whose_words(excerpts: Sequence[Excerpt], phrases: Phrases) -> str:
    are_of_web = {excerpt.passage.is_web for excerpt in excerpts}
    if are_of_web == {True}:
        return phrases.in_words_of_web
    return phrases.in_words_of_both if True in are_of_web else phrases.in_their_words


def _block_quote(excerpt: Excerpt) -> str:
    """The excerpt as a Markdown quote with its marker; rows of a table stay a table, with its header."""
    marker = f"[{excerpt.passage.rank}]"
    lines = [line.strip() for line in excerpt.text.splitlines() if not _TABLE_RULE.fullmatch(line)]
    if not excerpt.header:
        text = " ".join(re.sub(r"\s*\|\s*", " · ", _HEADING_MARK.sub("", line).strip("| ")) for line in lines)
        return f"> {text} {marker}"
    rule = "|" + " --- |" * (excerpt.header.strip().strip("|").count("|") + 1)
    return "\n".join(f"> {line}".rstrip() for line in (excerpt.header, rule, *lines, "", marker))
