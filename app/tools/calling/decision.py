"""What the language model reads when it is asked which tools it wants. Pure."""

import json
from collections.abc import Sequence
from string import Template
from typing import Final

from app.answer.writing.prompt import defuse, quoted
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


def build_decision(consultation: Consultation, records: Sequence[CallRecord], template: Template) -> list[Message]:
    """The question with what is known so far. Text that came from elsewhere is quoted line by line, and cut."""
    text = template.substitute(
        conversation=_conversation(consultation.history),
        verdict="probably enough for an answer" if consultation.is_answerable else "probably no answer to it",
        passages="\n\n".join(_passage(each) for each in consultation.passages[:MOST_PASSAGES]) or _NOTHING,
        calls="\n\n".join(_outcome(each) for each in records) or _NOTHING,
        question=defuse(consultation.question),
    )
    return [Message(Role.USER, text)]


def ask_again(messages: Sequence[Message], calls: Sequence[ToolCall], faults: Sequence[str]) -> list[Message]:
    """The same, with what the model wanted and why that cannot be done."""
    wanted = "\n".join(_call(each) for each in calls) or "(calls that could not be read)"
    told = "\n".join(f"- {defuse(each)}" for each in faults)
    return [
        *messages,
        Message(Role.ASSISTANT, defuse(wanted)),
        Message(Role.USER, f"This cannot be done:\n{told}\nMake these calls again without the faults, or answer."),
    ]


def _conversation(history: Sequence[Message]) -> str:
    lines = [
        f"{_SPEAKER[message.role]}:\n{quoted(message.text, LONGEST_MESSAGE)}" for message in history[-MOST_MESSAGES:]
    ]
    return "\n".join(lines) or _NOTHING


def _passage(passage: Passage) -> str:
    return f"{defuse(_line(passage.document))}:\n{quoted(passage.full_text, LONGEST_PASSAGE)}"


def _outcome(record: CallRecord) -> str:
    said = f"{_call(record.call)}: {record.state}"
    if record.state is not CallState.DONE or record.result is None:
        return f"{said}. {defuse(_line(record.reason))}"
    found = "\n".join(f"{each.document}: {each.full_text[:LONGEST_PASSAGE]}" for each in record.result.passages)
    return f"{said}\n{quoted(record.result.text or found or record.result.summary, LONGEST_RESULT)}"


def _call(call: ToolCall) -> str:
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False, default=str)
    return defuse(f"{call.name[:64]}({arguments[:LONGEST_ARGUMENTS]})")


def _line(text: str) -> str:
    return " ".join(text.split())
