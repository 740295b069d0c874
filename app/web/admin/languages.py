"""What languages are called."""

from babel import Locale, UnknownLocaleError


def name_language(code: str, language: str) -> str:
    """The name of the language with this code, in the reader's own; a dash for none."""
    if not code:
        return "–"
    try:
        return Locale.parse(code).get_display_name(language) or code
    except (UnknownLocaleError, ValueError):
        return code
