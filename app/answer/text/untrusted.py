"""Text that nobody present wrote, made ready for a language model: visible, and without marks of conversation. Pure.

Only what the model reads is changed. What is stored, shown and quoted stays as it is.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from app.answer.text.folding import INVISIBLE

LEFT, RIGHT = "<<<", ">>>"
"""What evidence is fenced with in a prompt: never left in a text that comes from `make_harmless`."""

# Zero width joiners and selectors belong to emoji and to scripts that join letters; elsewhere they hide something.
_EMOJI: Final = "\u00a9\u00ae\u203c\u2049\u20e3\u2122-\u3299\U0001f000-\U0001faff"
_SHAPED: Final = re.compile(
    rf"(?<=[{_EMOJI}])[\ufe0e\ufe0f](?:\u200d(?=[{_EMOJI}]))?|(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])"
    r"|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    r"|(?<=[\u0600-\u0dff\u1000-\u109f\u1780-\u17ff])[\u200c\u200d](?=[\u0600-\u0dff\u1000-\u109f\u1780-\u17ff])"
)
_HIDDEN: Final = re.compile(f"[{INVISIBLE}]+")
# Line feed and tab stay; a return before a line feed goes with the rest.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# What chat templates mark turns with, and what looks like it: full-width forms and other brackets and bars.
_LT, _GT, _BAR = "[<＜‹〈⟨﹤]", "[>＞›〉⟩﹥]", "[|｜∣ǀ│❘¦]"
_WORDS: Final = (
    r"start_of_turn|end_of_turn|start_header_id|end_header_id|eot_id|im_start|im_end|im_sep|bos|eos|pad|unk|sop|eop"
    r"|think|thinking|thought|reasoning|tool_calls?|tool_response|tool_results?|tools|function_calls?|function"
    r"|function_results?|invoke|s|system|user|assistant|human|observation|end_of_text|endoftext|channel|message"
)
_MARKERS: Final = re.compile(
    rf"{_LT}\s?{_BAR}\s?(?P<bars>[^|<>\n]{{1,60}}?)\s?{_BAR}\s?{_GT}"
    rf"|{_LT}(?P<word>/?(?:{_WORDS})){_GT}"
    rf"|{_LT}{{2}}(?P<sys>/?SYS){_GT}{{2}}"
    r"|[\[［](?P<square>/?(?:INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|SYSTEM_PROMPT|THINK|PREFIX|SUFFIX"
    r"|MIDDLE|gMASK|IMG))[\]］]",
    re.IGNORECASE,
)
# "System:" where a line begins, and "### Instruction:". "Response:" without marks is a word like others.
_ROLE_LINE: Final = re.compile(
    r"^(?P<lead>[^\S\n]*)(?P<role>(?:#{1,6}[^\S\n]*)?(?:system|user|assistant|human|ai|passages|text|question)"
    r"|#{1,6}[^\S\n]*(?:instructions?|input|response|output|context))(?=\s?[:：])",
    re.IGNORECASE | re.MULTILINE,
)
_FENCES: Final = re.compile("<{3,}|>{3,}")


def make_visible(text: str) -> str:
    """The text without characters that nobody sees: zero widths, marks of direction, tags, controls."""
    shaped = {match.start(): match.end() for match in _SHAPED.finditer(text)}
    kept = _HIDDEN.sub(lambda run: _kept(run, shaped), text.replace("\r\n", "\n"))
    return _CONTROLS.sub("", kept.replace("\r", "\n"))


def defuse(text: str, control_tokens: Sequence[str] = ()) -> str:
    """Text in which no marker of a chat template is left: retrieved text is data, not a turn of the conversation.

    `control_tokens`: those of the loaded model, beside the well-known ones.
    """
    own = _pattern(tuple(control_tokens))
    before = ""
    # A marker may be hidden in another one: taking the inner apart puts the outer together.
    while before != text:
        before = text
        text = _MARKERS.sub(_in_brackets, text)
        text = own.sub(lambda match: _bracketed(match[0]), text) if own else text
    return text


def make_harmless(text: str, control_tokens: Sequence[str] = ()) -> str:
    """Retrieved or fetched text as a language model may read it: visible, defused, and unable to end its fence."""
    visible = defuse(make_visible(text), control_tokens)
    return _FENCES.sub(lambda match: " ".join(match[0]), _ROLE_LINE.sub(r"\g<lead>(\g<role>)", visible))


def _kept(run: re.Match[str], shaped: dict[int, int]) -> str:
    """What of a run of invisible characters belongs to the visible ones around it."""
    text, end = run.string, shaped.get(run.start())
    return text[run.start() : end] if end == run.end() else ""


def _in_brackets(match: re.Match[str]) -> str:
    return f"({next(group for group in match.groups() if group)})"


def _bracketed(token: str) -> str:
    return f"({token.strip('<>[]{}|｜ ') or 'mark'})"


@lru_cache(maxsize=8)
def _pattern(control_tokens: tuple[str, ...]) -> re.Pattern[str] | None:
    # What has no bracket or sign in it is a word like others, and could not be taken out of a text.
    marks = [each for each in control_tokens if len(each) > 2 and not each.isalnum() and "(" not in each]
    ordered = sorted(marks, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None
