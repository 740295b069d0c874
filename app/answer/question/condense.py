"""Make a follow-up question stand on its own, so that retrieval knows what it is about: a rule, without a model."""

import re
from collections.abc import Sequence

from app.answer.question.followups import OPENING, has_pointer, points_back
from app.answer.text.words import telling_words
from app.domain import Message, Role

# Telling words of a short answer: all of them may be what a follow-up points at. Of a longer one only names and codes.
SHORT_ANSWER = 12
MAX_NAMES = 6
# A question of more words is carried as its telling words.
LONG_QUESTION = 40

_CODE = r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z][\w-]*"
_NAME = r"[A-ZÄÖÜ][\w-]+(?:\s+[A-ZÄÖÜ][\w-]+)*"
_PREPOSITION = r"(?:in|im|for|für|at|am|on|to|zu|zum|zur|from|aus|with|mit|bei|beim|nach|during|während|per|pro)"
_MARKERS = re.compile(r"\[\d+\]|^>\s?", re.MULTILINE)
_WORD = re.compile(r"[\w-]+")
# “185 euro”, “70 days”: what was found out is no subject, and a question that holds a figure asks for it.
_AMOUNT = re.compile(r"(?<![\w-])\d[\d.,]*(?:\s?[%°€$]\w?|\s[a-zA-ZäöüÄÖÜ]+)?(?![\w-])")
_YES_OR_NO = frozenset({"yes", "no", "ja", "nein"})
# What a continuation asks about, bare: “And for Sweden?”, “Und E12?”.
_BARE = re.compile(rf"^(?P<prep>{_PREPOSITION}\s+)?(?P<what>{_CODE}|{_NAME})\s*\?*$")


def condense(question: str, history: Sequence[Message]) -> str:
    """The question as it can be searched for: with what it leans on, or unchanged where it stands alone.

    No telling word of the question is ever lost. Questions of the history are made to stand alone in the same way, so
    that a chain of follow-ups keeps its subject.
    """
    standalone, last_answer = "", ""
    for message in history:
        if message.role is Role.USER:
            standalone = _carry(message.text, standalone, last_answer)
            last_answer = ""
        else:
            last_answer = message.text
    return _carry(question, standalone, last_answer)


def _carry(question: str, before: str, answer: str) -> str:
    """`question` with what it needs of the standalone question and the answer before it."""
    if not before.strip() or not points_back(question):
        return question
    if replaced := _substitute(question, before):
        return replaced
    carried = before if len(before.split()) <= LONG_QUESTION else _telling_text(before, "")
    pointed_at = _telling_text(_entities(answer), before + question) if has_pointer(question) else ""
    return " ".join(part for part in (carried, pointed_at, question) if part)


def _substitute(question: str, before: str) -> str:
    """The question before with the code or the place in it replaced by the one asked about now; empty if none fits.

    A code takes the place of a code; what follows a preposition (“for Sweden”) that of what follows one (“to Denmark”).
    """
    opening = OPENING.match(question)
    bare = _BARE.match(question[opening.end() if opening else 0 :].strip())
    if not bare:
        return ""
    if re.fullmatch(_CODE, bare["what"]):
        return _replace_last(rf"\b(?P<name>{_CODE})(?![\w-])", bare["what"], before)
    place = rf"\b(?i:{_PREPOSITION})\s+(?P<name>{_NAME})(?!\s+\d)"
    return _replace_last(place, bare["what"], before) if bare["prep"] else ""


def _replace_last(pattern: str, new: str, text: str) -> str:
    found = list(re.finditer(pattern, text))
    return f"{text[: found[-1].start('name')]}{new}{text[found[-1].end('name') :]}" if found else ""


def _entities(answer: str) -> str:
    """What a follow-up may point at in an answer: all of a short one, the names and codes of a longer one."""
    said = _AMOUNT.sub(" ", _MARKERS.sub(" ", answer))
    if len(telling_words(said)) <= SHORT_ANSWER:
        return said
    return " ".join(list(dict.fromkeys(re.findall(rf"\b{_CODE}\b|(?<=[\w,;:)]\s){_NAME}", said)))[:MAX_NAMES])


def _telling_text(text: str, known: str) -> str:
    """The telling words of a text as they are written, each once, without those that are known."""
    seen = set(telling_words(known))
    kept: list[str] = []
    for word in _WORD.findall(text):
        telling = telling_words(word) - _YES_OR_NO
        if telling and not telling & seen:
            seen |= telling
            kept.append(word)
    return " ".join(kept)
