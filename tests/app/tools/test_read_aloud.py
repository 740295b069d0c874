"""Reading aloud as a tool: what the chat gets to speak."""

import asyncio
from threading import Event

import pytest

from app.domain import ToolResult
from app.errors import Rejected
from app.speech.kept import SpokenTexts
from app.tools.speech import LONGEST_TEXT, ReadAloudTool


def call(tool: ReadAloudTool, **arguments: str) -> ToolResult:
    return asyncio.run(tool.run(arguments, cancelled=Event()))


def test_a_text_is_given_to_the_chat_to_speak() -> None:
    result = call(ReadAloudTool("The last answer."), text="Good morning.")
    assert result.spoken == "Good morning."
    assert result.summary == "Reads 2 words aloud"


def test_without_a_text_it_is_the_last_answer() -> None:
    assert call(ReadAloudTool("The last answer.")).spoken == "The last answer."


def test_without_either_it_says_so() -> None:
    with pytest.raises(Rejected, match="no answer"):
        call(ReadAloudTool(), text="  ")


def test_it_touches_nothing_and_sends_nothing() -> None:
    tool = ReadAloudTool()
    assert not tool.spec.touches
    assert tool.host_of({"text": "x"}) == ""
    assert len(call(tool, text="x" * 9_999).spoken) == LONGEST_TEXT


def test_kept_texts_are_their_owners_and_the_oldest_goes() -> None:
    kept = SpokenTexts(most=2)
    first, second = kept.keep("One.", owner="ben"), kept.keep("Two.", owner="ben")
    assert kept.find(second, owner="eve") is None
    assert kept.find(second, owner="ben") == "Two."
    kept.keep("Three.", owner="eve")
    assert kept.find(first, owner="ben") is None
