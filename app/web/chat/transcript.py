"""A conversation as a Markdown file: what was asked, answered and done, who and when, and the sources. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from app.domain.conversations import Conversation, Entry, EntryKind
from app.web.chat.markup import one_line, plain
from app.web.chat.words import Words

_LONGEST_NAME: Final = 60
# What some system does not take in a name, and what hides in one.
_UNSAFE: Final = re.compile(r"[^\w .,()-]+")


def render_transcript(conversation: Conversation, person: str, words: Words) -> str:
    """The whole conversation, its entries under headings, each with its time (UTC)."""
    begun = words.transcript.begun.format(person=plain(person), when=_when(conversation.created_at, words))
    head = f"# {plain(conversation.name) or words.transcript.untitled}\n\n*{begun}*"
    blocks = [block for entry in conversation.entries for block in _blocks(entry, person, words)]
    return "\n\n".join([head, *blocks]) + "\n"


def file_name(conversation: Conversation) -> str:
    """A name for its file without an ending, which every system takes: its name, its day and the start of its id."""
    name = " ".join(_UNSAFE.sub(" ", conversation.name).split())[:_LONGEST_NAME].strip(" .-,")
    return f"{name or 'conversation'} {conversation.created_at:%Y-%m-%d} {conversation.id[:8]}"


def _blocks(entry: Entry, person: str, words: Words) -> Iterator[str]:
    match entry.kind:
        case EntryKind.QUESTION:
            yield f"## {_heading(plain(person), entry, words)}"
            yield entry.text.strip()
        case EntryKind.ANSWER:
            who = " · ".join([words.transcript.answer, *map(plain, filter(None, (entry.assistant, entry.model)))])
            yield f"## {_heading(who, entry, words)}"
            yield (entry.copied or entry.shown).strip()
        case EntryKind.TOOL | EntryKind.THOUGHT:
            name = words.transcript.thought if entry.kind is EntryKind.THOUGHT else plain(entry.author)
            yield f"### {_heading(name, entry, words)}"
            yield from (quoted for quoted in (_quoted(entry.input), _quoted(entry.text)) if quoted)
        case EntryKind.NOTE if entry.text.strip():
            yield f"### {_heading(words.transcript.note, entry, words)}"
            yield _quoted(entry.text)
        case EntryKind.NOTE | EntryKind.RUN:
            return


def _heading(name: str, entry: Entry, words: Words) -> str:
    return f"{one_line(name)} — {_when(entry.at, words)}" if entry.at else one_line(name)


def _when(moment: datetime, words: Words) -> str:
    return f"{moment.astimezone(UTC).strftime(words.notation.date)} {moment.astimezone(UTC):%H:%M} UTC"


def _quoted(text: str) -> str:
    """Every line as part of one quotation, so that headings in it are none of the conversation's."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
