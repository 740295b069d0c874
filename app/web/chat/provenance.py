"""Who put a cited document in, and why somebody should look at it, in words for the evidence beside an answer. Pure."""

from collections.abc import Sequence
from typing import assert_never

from babel.dates import format_date

from app.domain import Added, AddedHow, Citation, FlagReason, Passage
from app.web.chat.markup import plain
from app.web.chat.words import Words


def render_provenance(of: Passage | Citation, words: Words) -> str:
    """A line for each, as Markdown; "" for what was read on the web for this question."""
    lines = [say_added(of.added, words)] if of.added else []
    lines += [f"⚠ **{say_flags(of.flags, words)}**"] if of.flags else []
    return "\n\n".join(lines)


def say_added(added: Added, words: Words) -> str:
    """“Added by Anna on 3 March 2026”. Names are Markdown that marks nothing."""
    date = format_date(added.at, "long", locale=words.notation.locale)
    match added.how:
        case AddedHow.PERSON:
            return words.evidence.added_by.format(name=plain(added.by), date=date)
        case AddedHow.MACHINE:
            return words.evidence.added_by_machine.format(date=date)
        case AddedHow.LEFT:
            return words.evidence.added_by_gone.format(date=date)
        case AddedHow.SITE:
            return words.evidence.added_from.format(host=plain(added.by), date=date)
        case AddedHow.UNKNOWN:
            return words.evidence.added_on.format(date=date)
        case _:
            assert_never(added.how)


def say_flags(flags: Sequence[FlagReason], words: Words) -> str:
    """“Flagged for review: hides text”."""
    said = {
        FlagReason.INSTRUCTIONS: words.evidence.flag_instructions,
        FlagReason.HIDDEN_TEXT: words.evidence.flag_hidden_text,
        FlagReason.NEAR_COPIES: words.evidence.flag_near_copies,
    }
    return words.evidence.flagged.format(reasons=", ".join(said[flag] for flag in flags))
