"""How much of what was said was understood."""

import re
from difflib import SequenceMatcher

# Whisper writes numbers as it likes.
NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "ten": "10", "thirty": "30"}


def share_heard(said: str, heard: str) -> float:
    """The share of the words said that were heard, in their order, 0 to 1."""
    wanted, found = _words(said), _words(heard)
    blocks = SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(1, len(wanted))


def _words(text: str) -> list[str]:
    return [NUMBERS.get(word, word) for word in re.findall(r"[^\W_]+", text.lower().replace("%", " percent "))]
