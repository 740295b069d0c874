"""What a reasoning model thinks is told apart from what it answers, however the words arrive."""

import pytest

from app.answer.writing.thinking import Saying, Thinking, ThoughtSplitter, WasThinking, said


def split(pieces: list[str]) -> tuple[str, str]:
    """What was thought, and what was answered."""
    splitter, thought, answer = ThoughtSplitter(), "", ""
    for part in [*(part for piece in pieces for part in splitter.feed(piece)), *splitter.rest()]:
        match part:
            case Thinking(text):
                thought += text
            case Saying(text):
                answer += text
            case WasThinking():
                thought, answer = thought + answer, ""
    return thought, answer


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 100])
@pytest.mark.parametrize(
    ("words", "thought", "answer"),
    [
        ("<think>Let me see.</think>\n\n70 days [1].", "Let me see.", "70 days [1]."),
        ("\n <think>a < b</think>Yes.", "a < b", "Yes."),
        ("<thinking>Hm.</thinking> Yes.", "Hm.", "Yes."),
        ("<think>It never ends, and </thi is no end", "It never ends, and </thi is no end", ""),
        ("It began in the prompt.</think>\nYes.", "It began in the prompt.", "Yes."),
        ("<think></think>Yes.", "", "Yes."),
        ("No thought at all: a <b> and 3 < 4.", "", "No thought at all: a <b> and 3 < 4."),
        ("Of <think> in the middle, and <", "", "Of <think> in the middle, and <"),
        ("<think>One.</think>The tag </think> can be spoken of.", "One.", "The tag </think> can be spoken of."),
        ("<thin ice>", "", "<thin ice>"),
        ("<thi", "", "<thi"),
        ("", "", ""),
    ],
)
def test_a_thought_is_told_apart_whatever_the_pieces(words: str, thought: str, answer: str, size: int) -> None:
    pieces = [words[start : start + size] for start in range(0, len(words), size)]
    assert split(pieces) == (thought, answer)
    assert said(pieces) == answer


def test_a_thought_is_given_on_before_it_ends() -> None:
    assert ThoughtSplitter().feed("<think>Let me") == [Thinking("Let me")]


def test_an_answer_is_not_held_back() -> None:
    assert ThoughtSplitter().feed("Parents") == [Saying("Parents")]
