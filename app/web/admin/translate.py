"""The admin pages' words: English in the templates themselves, German in `words/de/*.po`, read at the start."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

WORDS_DIR: Final = Path(__file__).with_name("words")
LANGUAGES: Final = ("en", "de")


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; English is what the templates say."""
    merged: NullTranslations = NullTranslations()
    for path in sorted((WORDS_DIR / language).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, abort_invalid=True)
        packed = BytesIO()
        write_mo(packed, catalogue)
        packed.seek(0)
        read = Translations(packed)
        merged = merged.merge(read) if isinstance(merged, Translations) else read
    return merged
