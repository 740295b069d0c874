"""What the language model reads when it is asked which tools it wants. Pure."""

import json
from collections.abc import Sequence
from string import Template
from typing import Final

from app.answer.text.untrusted import defuse, make_harmless
from app.answer.writing.prompt import quoted
from app.domain import CallRecord, CallState, Consultation, Message, Passage, Role, ToolCall

# A decision is made on the gist: the whole prompt stays below some 2,000 tokens, which the smallest windows hold.
MOST_PASSAGES: Final = 4
LONGEST_PASSAGE: Final = 300
MOST_MESSAGES: Final = 4
LONGEST_MESSAGE: Final = 300
LONGEST_RESULT: Final = 1_200
LONGEST_ARGUMENTS: Final = 300
_SPEAKER: Final = {Role.USER: "User", Role.ASSISTANT: "Assistant", Role.SYSTEM: "System"}
_NOTHING: Final = "(nothing)"


def build_decision(
    consultation: Consultation, records: Sequence[CallRecord], template: Template, *, marks: Sequence[str] = ()
) -> list[Message]:
    """The question with what is known so far. Text that came from elsewhere is quoted line by line, and cut.

    `marks`: the model's own control tokens, which no text may hold.
    """
    text = template.substitute(
        conversation=_conversation(consultation.history, marks),
        verdict="probably enough for an answer" if consultation.is_answerable else "probably no answer to it",
        passages="\n\n".join(_passage(each, marks) for each in consultation.passages[:MOST_PASSAGES]) or _NOTHING,
        calls="\n\n".join(_outcome(each, marks) for each in records) or _NOTHING,
        question=defuse(consultation.question, marks),
    )
    return [Message(Role.USER, text)]


def ask_again(
    messages: Sequence[Message], calls: Sequence[ToolCall], faults: Sequence[str], *, marks: Sequence[str] = ()
) -> list[Message]:
    """The same, with what the model wanted and why that cannot be done."""
    wanted = "\n".join(_call(each, marks) for each in calls) or "(calls that could not be read)"
    told = "\n".join(f"- {make_harmless(each, marks)}" for each in faults)
    return [
        *messages,
        Message(Role.ASSISTANT, wanted),
        Message(Role.USER, f"This cannot be done:\n{told}\nMake these calls again without the faults, or answer."),
    ]


def _conversation(history: Sequence[Message], marks: Sequence[str]) -> str:
    lines = [
        f"{_SPEAKER[message.role]}:\n{quoted(message.text, LONGEST_MESSAGE, marks)}"
        for message in history[-MOST_MESSAGES:]
    ]
    return "\n".join(lines) or _NOTHING


def _passage(passage: Passage, marks: Sequence[str]) -> str:
    name = make_harmless(_line(passage.document), marks)
    return f"{name}:\n{quoted(passage.full_text, LONGEST_PASSAGE, marks)}"


def _outcome(record: CallRecord, marks: Sequence[str]) -> str:
    said = f"{_call(record.call, marks)}: {record.state}"
    if record.state is not CallState.DONE or record.result is None:
        return f"{said}. {make_harmless(_line(record.reason), marks)}"
    found = "\n".join(f"{each.document}: {each.full_text[:LONGEST_PASSAGE]}" for each in record.result.passages)
    return f"{said}\n{quoted(record.result.text or found or record.result.summary, LONGEST_RESULT, marks)}"


def _call(call: ToolCall, marks: Sequence[str]) -> str:
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False, default=str)
    return make_harmless(f"{call.name[:64]}({arguments[:LONGEST_ARGUMENTS]})", marks)


def _line(text: str) -> str:
    return " ".join(text.split())
