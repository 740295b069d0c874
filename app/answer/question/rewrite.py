"""Let the language model make a follow-up question stand alone, and take the rule's where its proposal is no good."""

import re
from collections.abc import Sequence
from string import Template
from threading import Event

from app.answer.question.condense import condense
from app.answer.question.followups import subject_words
from app.answer.text.untrusted import defuse
from app.answer.text.words import is_number, telling_words
from app.answer.writing.thinking import said
from app.domain import Message, Role
from app.ports import Generator

MAX_TOKENS = 48
# What the model reads of a conversation: its last turns, of an answer its beginning.
MAX_TURNS = 3
MAX_CHARS = 300
# A longer question is not rewritten: it says enough, and the answer would not fit.
MAX_WORDS = 40
# The part of a rewritten question's words that the question or the conversation must have.
MIN_KNOWN_PART = 0.5
# The part of the question's own words that must be left in it.
MIN_KEPT_PART = 0.75

_LABEL = re.compile(r"^\s*(?:rewritten|last|standalone)?\s*(?:question|frage)\s*:\s*", re.IGNORECASE)
_NAME = re.compile(r"(?<=\w\s)[A-ZÄÖÜ]\w+")
_SPEAKER = {Role.USER: "Question", Role.ASSISTANT: "Answer"}


def rewrite(
    question: str, history: Sequence[Message], *, generator: Generator, template: Template, cancelled: Event
) -> str:
    """The question as the model makes it stand alone; `condense`'s where that is not `acceptable`.

    Without a history, unchanged. Sync: call it in a thread. Raises EngineUnavailable, GenerationTimeout.
    """
    if not history or len(question.split()) > MAX_WORDS:
        return condense(question, history)
    proposed = propose(question, history, generator=generator, template=template, cancelled=cancelled)
    return proposed if is_acceptable(proposed, question, history) else condense(question, history)


def propose(
    question: str, history: Sequence[Message], *, generator: Generator, template: Template, cancelled: Event
) -> str:
    """What the model writes, whatever that is."""
    asked = template.substitute(conversation=_conversation(history), question=defuse(question))
    pieces = generator.stream([Message(Role.USER, asked)], max_tokens=MAX_TOKENS, stop=("\n",), cancelled=cancelled)
    return _LABEL.sub("", said(pieces)).strip().strip('"“”„*').strip()


def is_acceptable(proposed: str, question: str, history: Sequence[Message]) -> bool:
    """Whether a model's proposal is a whole question that says what was asked, of what was spoken of.

    It keeps the figures, names and codes of the question and most of its other words, brings no figure of its own, and
    most of its words stand in the question or the conversation.
    """
    if not proposed or (question.rstrip().endswith("?") and not proposed.endswith("?")):
        return False
    new, own = telling_words(proposed), subject_words(question)
    known = telling_words(" ".join((question, *(message.text for message in history))))
    must_stay = telling_words(" ".join(_NAME.findall(question))) | set(filter(is_number, own))
    return (
        must_stay <= new
        and len(own & new) >= MIN_KEPT_PART * len(own)
        and bool(new & known)
        and len(new & known) >= MIN_KNOWN_PART * len(new)
        and set(filter(is_number, new)) <= known
    )


def _conversation(history: Sequence[Message]) -> str:
    starts = [position for position, message in enumerate(history) if message.role is Role.USER][-MAX_TURNS:]
    recent = history[starts[0] :] if starts else ()
    return "\n".join(f"{_SPEAKER[message.role]}: {_cut(message.text)}" for message in recent)


def _cut(text: str) -> str:
    line = defuse(" ".join(text.split()))
    return line if len(line) <= MAX_CHARS else f"{line[:MAX_CHARS].rsplit(' ', 1)[0]} …"
