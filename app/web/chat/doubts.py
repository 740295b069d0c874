"""Sentences that no passage bears out, marked in an answer's Markdown, each mark with its reason. Pure.

A mark is written `~~…~~`: the one inline mark that may hold chips and has no other use on this page. The style sheet
draws it as a dotted underline. Whatever `~` the text holds itself is shown as such.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain import Statement
from app.web.chat.words import Words

# Code is left alone: fences, and words between backticks.
_CODE = re.compile(r"^ {0,3}```.*?(?:^ {0,3}```[^\n]*$|\Z)|(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL | re.MULTILINE)
_FENCE = "```"
# What a line begins with that is no part of its sentence: list marks, heading marks, quotation marks.
_LEAD = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]+)*")
_EMPHASIS = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)")
_CELL_END = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Marked:
    """Markdown, and a reason for each mark in it, in order."""

    text: str
    reasons: tuple[str, ...]


def mark_doubts(text: str, statements: Sequence[Statement], words: Words) -> Marked:
    """Mark the statements of an answer that are not verified. Lines of code are never marked."""
    code = [match.span() for match in _CODE.finditer(text)]
    parts: list[str] = []
    reasons: list[str] = []
    at = 0
    for statement in sorted(statements, key=lambda each: each.start):
        if statement.is_verified or statement.start < at:
            continue
        parts.append(_escape(text, at, statement.start, code))
        for start, end, is_prose in _pieces(text, statement, code):
            shown = _escape(text, start, end, code)
            parts.append(_wrap(shown, text[end : end + 1]) if is_prose else shown)
            reasons += [reason(statement, words)] * is_prose
        at = statement.end
    parts.append(_escape(text, at, len(text), code))
    return Marked("".join(parts), tuple(reasons))


def reason(statement: Statement, words: Words) -> str:
    """Why a statement is not verified, in a sentence."""
    if statement.missing:
        missing = ", ".join(words.notation.quote.format(text=each) for each in statement.missing)
        return words.doubts.missing.format(missing=missing)
    return words.doubts.unlike if statement.citations else words.doubts.uncited


def _pieces(text: str, statement: Statement, code: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    """The statement's characters, cut where a mark may not reach across: (start, end, whether to mark it)."""
    line_start = statement.start
    for line in text[statement.start : statement.end].splitlines(keepends=True):
        line_end = line_start + len(line)
        if _is_fenced(text, line_start, code):
            yield line_start, line_end, False
        else:
            yield from _pieces_of_line(text, line_start, line_end)
        line_start = line_end


def _pieces_of_line(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    begins_line = start == 0 or text[start - 1] == "\n"
    first = start + (_match_end(_LEAD, text[start:end]) if begins_line else 0)
    yield start, first, False
    at = first
    for cut in _cuts(text, start, text[first:end]):
        yield from _trimmed(text, at, first + cut.start())
        yield first + cut.start(), first + cut.end(), False
        at = first + cut.end()
    yield from _trimmed(text, at, end)


def _cuts(text: str, start: int, piece: str) -> list[re.Match[str]]:
    """Where a piece of a line must be cut: between the cells of a row, and at emphasis that does not end in it."""
    if text[text.rfind("\n", 0, start) + 1 :].lstrip().startswith("|"):
        return list(_CELL_END.finditer(piece))
    marks = list(_EMPHASIS.finditer(piece))
    opening, closing = marks[0::2], marks[1::2]
    return [] if [m[0] for m in opening] == [m[0] for m in closing] else marks


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """A piece without the spaces around it, which a mark may not touch. Signs alone are not marked."""
    piece = text[start:end]
    first, last = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
    if not re.search(r"\w", piece) or piece.count("`") % 2:
        yield start, end, False
        return
    yield start, first, False
    yield first, last, True
    yield last, end, False


def _wrap(piece: str, following: str) -> str:
    # Between a sign and a letter a mark does not end; a hair of space lets it (as in Chinese, without spaces).
    gap = "\u200a" if following.isalnum() and not piece[-1].isalnum() else ""
    return f"~~{piece}~~{gap}"


def _escape(text: str, start: int, end: int, code: Sequence[tuple[int, int]]) -> str:
    def is_code(at: int) -> bool:
        return any(first <= at < last for first, last in code)

    return "".join(
        "\\~" if text[at] == "~" and text[at - 1 : at] != "\\" and not is_code(at) else text[at]
        for at in range(start, end)
    )


def _is_fenced(text: str, at: int, code: Sequence[tuple[int, int]]) -> bool:
    return any(first <= at < last and text[first:last].lstrip(" ").startswith(_FENCE) for first, last in code)


def _match_end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0
