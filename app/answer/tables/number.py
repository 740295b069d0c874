"""Numbers as English, German and Swiss people write them."""

import re
from decimal import Decimal

from app.answer.tables.lexicon import NUMBER_WORDS


def read_number(text: str) -> Decimal | None:
    """A number as English, German and Swiss people write it; a word up to ten."""
    if text in NUMBER_WORDS:
        return Decimal(NUMBER_WORDS[text])
    plain = text.replace("−", "-").replace("'", "").replace("’", "")
    factor = 1000 if plain.endswith("k") else 1
    plain = plain.removesuffix("k")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d+,\d+", plain):
        plain = plain.replace(",", ".")
    return Decimal(plain) * factor if re.fullmatch(r"-?\d+(?:\.\d+)?", plain) else None
