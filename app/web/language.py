"""The language in which a reader is spoken to: German, or English for everybody else."""

import re
from typing import Final, Literal

Language = Literal["de", "en"]

_FIRST: Final = re.compile(r"\s*([a-z]*)", re.IGNORECASE)


def choose_language(asked: str) -> Language:
    """German where a browser's language (“de-AT”), or the first that it accepts (“de-AT, en;q=0.5”), is German."""
    first = _FIRST.match(asked)
    return "de" if first and first[1].lower() == "de" else "en"
