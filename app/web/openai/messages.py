"""From the messages of a request to a question in its conversation. Pure.

All of it is the caller's own word: what an earlier answer is said to have cited is no citation of ours, and what a
function is said to have given is text that others wrote.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.domain import CallOrigin, CallRecord, CallState, Message, Role, ToolCall, ToolResult
from app.web.openai.errors import BadRequest
from app.web.openai.requests import MessageIn, Part

LONGEST_QUESTION: Final = 20_000
_SYSTEM: Final = ("system", "developer")
_TEXT, _IMAGE = "text", "image_url"
_ENDS: Final = "The last message must be the user's question, or what functions gave that were called for it."


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a request asks. `image`: the file of a picture that goes with the question. `called`: for this question."""

    question: str = field(repr=False)
    instructions: str = field(default="", repr=False)
    history: tuple[Message, ...] = ()
    image: bytes | None = field(default=None, repr=False)
    called: tuple[CallRecord, ...] = ()


def read_conversation(messages: Sequence[MessageIn]) -> Conversation:
    """The last user message is the question; what stands before it is the conversation. Raises BadRequest."""
    said = [(n, each) for n, each in enumerate(messages) if each.role not in _SYSTEM]
    old = next((n for n, each in said if each.role == "function"), None)
    if old is not None:
        raise BadRequest("The role function is the old form; send what a function gave with the role tool.", _at(old))
    asked = max((at for at, (_, each) in enumerate(said) if each.role == "user"), default=None)
    if asked is None:
        raise BadRequest("There is no message with the role user, so there is no question.", "messages")
    n, question = said[asked]
    text = _text(question, n)
    if not text.strip():
        raise BadRequest("The last user message has no text; write a question.", _at(n))
    if len(text) > LONGEST_QUESTION:
        raise BadRequest(
            f"The question has {len(text):,} characters, more than {LONGEST_QUESTION:,}. Shorten it, or upload the "
            "text as a document.",
            _at(n),
            "string_above_max_length",
        )
    return Conversation(
        question=text,
        instructions="\n\n".join(_text(each, n) for n, each in enumerate(messages) if each.role in _SYSTEM).strip(),
        history=tuple(_history(said[:asked])),
        image=_image(question, n),
        called=tuple(_called(said[asked + 1 :])),
    )


def _history(said: Sequence[tuple[int, MessageIn]]) -> list[Message]:
    """Questions and answers. What functions gave in earlier turns has done its work in their answers."""
    roles = {"user": Role.USER, "assistant": Role.ASSISTANT}
    found = ((roles[each.role], _text(each, n)) for n, each in said if each.role in roles)
    return [Message(role, text) for role, text in found if text.strip()]


def _called(said: Sequence[tuple[int, MessageIn]]) -> list[CallRecord]:
    """What the client has called for this question, and what that gave."""
    wanted: dict[str, ToolCall] = {}
    called: list[CallRecord] = []
    for n, each in said:
        if each.role == "assistant" and each.tool_calls:
            wanted |= {call.id: _call(call.id, call.function.name, call.function.arguments) for call in each.tool_calls}
        elif each.role == "tool":
            call = wanted.pop(each.tool_call_id or "", None)
            if call is None:
                raise BadRequest("This message answers no call that stands before it; check its tool_call_id.", _at(n))
            text = _text(each, n)
            called.append(CallRecord(call, CallState.DONE, ToolResult(summary=call.name, text=text or "(nothing)")))
        else:
            raise BadRequest(_ENDS, _at(n))
    if wanted:
        names = ", ".join(call.name for call in wanted.values())
        raise BadRequest(f"There is no message that says what these calls gave: {names}.", "messages")
    return called


def _call(id: str, name: str, arguments: str) -> ToolCall:
    try:
        read: Any = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        read = None
    # The client's own record of its call: what cannot be read is shown to the model as it stands.
    return ToolCall(id, name, read if isinstance(read, dict) else {"arguments": arguments}, CallOrigin.CLIENT)


def _text(message: MessageIn, n: int) -> str:
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    for m, part in enumerate(message.content):
        if part.type not in (_TEXT, _IMAGE, "refusal"):
            raise BadRequest(f"Parts of the type “{part.type[:40]}” are not taken; send text.", f"{_at(n)}.content.{m}")
        if part.type == _IMAGE and message.role != "user":
            raise BadRequest("Only a user's message can bring a picture.", f"{_at(n)}.content.{m}")
    return "\n".join(part.text for part in message.content if part.type == _TEXT and part.text)


def _image(message: MessageIn, n: int) -> bytes | None:
    """The picture of the question. Those of earlier turns have done their work in their answers."""
    parts = message.content if isinstance(message.content, list) else []
    pictures = [(m, part) for m, part in enumerate(parts) if part.type == _IMAGE]
    if not pictures:
        return None
    if len(pictures) > 1:
        raise BadRequest("One picture can go with a question; send one.", f"{_at(n)}.content")
    m, part = pictures[0]
    return _decode(part, f"{_at(n)}.content.{m}")


def _decode(part: Part, place: str) -> bytes:
    url = part.image_url.url if part.image_url else ""
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:image/") or not head.endswith(";base64"):
        raise BadRequest(
            "A picture is taken as a data URL (data:image/png;base64,…) alone; no address is asked for one.", place
        )
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("The picture is not valid base64.", place) from None


def _at(n: int) -> str:
    return f"messages.{n}"
