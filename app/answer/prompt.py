"""Write the prompt: numbered passages and the question, as much as the model's window holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from string import Template

from app.domain import Message, Passage, Question, Role
from app.errors import SettingsError
from app.ports import Generator

# What a chat template uses to mark turns (<|im_start|>, <|user|> …). In a document it would end the evidence early.
_CONTROL_TOKEN = re.compile(r"<\|([^|<>]{1,40})\|>")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A numbered text that the model may use: a whole passage or an excerpt of it, rows below their table's header."""

    passage: Passage
    text: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """The templates for one kind of evidence, and the one for follow-ups, read once from `configs/prompts/`."""

    system: str
    evidence: Template
    question: Template
    condense: Template

    @classmethod
    def read(cls, folder: Path, evidence: str) -> "Prompts":
        """Raises SettingsError when a template is missing."""

        def template(name: str) -> str:
            return (folder / f"{name}.md").read_text(encoding="utf-8").strip()

        parts = (f"{evidence}.system", f"{evidence}.evidence", f"{evidence}.question", "condense")
        try:
            system, *others = map(template, parts)
            return cls(system, *map(Template, others))
        except OSError as exc:
            raise SettingsError(f"The prompt template {exc.filename} cannot be read; check answer.prompts.") from exc


def build_prompt(
    question: Question,
    evidence: Sequence[Evidence],
    *,
    prompts: Prompts,
    generator: Generator,
    max_answer_tokens: int,
) -> tuple[Message, ...]:
    """The prompt with as much of the evidence, and then as many of the last turns, as the window holds.

    Counted with the model's own tokenizer. At least one piece of evidence is always given: a window that cannot hold
    even that is reported by the generator as TextTooLong.
    """
    room = generator.context_tokens - max_answer_tokens

    def fits(messages: Sequence[Message]) -> bool:
        return generator.count_prompt_tokens(messages) <= room

    given = list(evidence)
    while len(given) > 1 and not fits(_messages(question, given, (), prompts)):
        given.pop()
    history: tuple[Message, ...] = ()
    for turn in reversed(_turns(question.history)):
        longer = (*turn, *history)
        if not fits(_messages(question, given, longer, prompts)):
            break
        history = longer
    return _messages(question, given, history, prompts)


def _messages(
    question: Question, evidence: Sequence[Evidence], history: Sequence[Message], prompts: Prompts
) -> tuple[Message, ...]:
    numbered = "\n\n".join(_numbered(each, prompts.evidence) for each in evidence)
    asked = prompts.question.substitute(evidence=numbered, question=defuse(question.text))
    return (Message(Role.SYSTEM, prompts.system), *history, Message(Role.USER, asked))


def _numbered(evidence: Evidence, template: Template) -> str:
    passage = evidence.passage
    place = [passage.document]
    if passage.page is not None:
        place.append(f"page {passage.page}")
    place.extend(passage.headings[-1:])
    return template.substitute(n=passage.rank, place=defuse(", ".join(place)), text=defuse(evidence.text))


def _turns(history: Sequence[Message]) -> list[tuple[Message, ...]]:
    """The conversation cut before each question, so that no answer stands without what it answers."""
    starts = [position for position, message in enumerate(history) if message.role is Role.USER]
    return [tuple(history[start:end]) for start, end in pairwise([*starts, len(history)])]


def defuse(text: str) -> str:
    """Text in which no chat-template marker is left: retrieved text is data, not a turn of the conversation."""
    return _CONTROL_TOKEN.sub(r"(\1)", text)
