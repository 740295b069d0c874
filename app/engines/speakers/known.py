"""What every speaker has to say about its voices."""

from collections.abc import Iterable

from app.domain import Voice
from app.errors import Rejected


def require_voice(id: str, voices: Iterable[Voice]) -> Voice:
    """The voice with this id. Raises Rejected."""
    found = next((voice for voice in voices if voice.id == id), None)
    if found is None:
        raise Rejected("There is no such voice; choose one of those in the list.")
    return found
