"""Reading aloud as a function that a language model, or a person by a command, may call."""

from collections.abc import Mapping
from threading import Event
from typing import Any, ClassVar, Final

from app.domain import FunctionName, Tool, ToolResult, ToolSpec
from app.errors import Rejected
from app.tools.function import StaysInside

LONGEST_TEXT: Final = 5_000
READ_ALOUD: Final = ToolSpec(
    name=FunctionName.READ_ALOUD,
    tool=Tool.SPEECH,
    description="Reads a text aloud to the person. Without a text: the last answer.",
    parameters={
        "type": "object",
        "properties": {
            "text": {
                "type": "string",
                "maxLength": LONGEST_TEXT,
                "description": "What to read, in the language of the person. Leave it out for the last answer.",
            }
        },
        "additionalProperties": False,
    },
    touches=frozenset(),
)


class ReadAloudTool(StaysInside):
    """The chat speaks what it gives; it makes no sound itself. `last_answer`: what is read where no text is given."""

    spec: ClassVar[ToolSpec] = READ_ALOUD

    def __init__(self, last_answer: str = "") -> None:
        self._last_answer = last_answer

    async def run(self, arguments: Mapping[str, Any], *, cancelled: Event) -> ToolResult:  # noqa: ARG002
        text = (str(arguments.get("text") or "").strip() or self._last_answer)[:LONGEST_TEXT]
        if not text.strip():
            raise Rejected("There is no answer in this conversation yet that could be read aloud.")
        words = len(text.split())
        summary = "Reads 1 word aloud" if words == 1 else f"Reads {words:,} words aloud"
        return ToolResult(summary, text="The person hears it now; do not repeat it.", spoken=text)
