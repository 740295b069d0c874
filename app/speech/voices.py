"""Which voice reads an answer."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.answer.text.function_words import FUNCTION_WORDS
from app.answer.text.language import question_language
from app.domain import Voice

# What is spoken where nothing tells the language.
ELSE: Final = "en"


def tell_language(text: str, *, otherwise: str = "") -> str:
    """The language of an answer (ISO 639-1), by its function words; `otherwise` where they do not tell."""
    return question_language(text, tuple(FUNCTION_WORDS)) or otherwise or ELSE


def choose_voice(voices: Sequence[Voice], preferred: Mapping[str, str], language: str) -> Voice | None:
    """The voice that the owner prefers for a language, else the engine's own choice for it, else its first.

    None where the engine has no voice.
    """
    by_id = {voice.id: voice for voice in voices}
    if preferred.get(language) in by_id:
        return by_id[preferred[language]]
    fitting = [voice for voice in voices if voice.language == language]
    speaks_any = [voice for voice in voices if not voice.language]
    return next(iter([*fitting, *speaks_any, *voices]), None)
