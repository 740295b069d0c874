"""A conversation written down as a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TranscriptWords:
    begun: str
    untitled: str
    answer: str
    thought: str
    note: str


ENGLISH = TranscriptWords(
    begun="{person}, begun on {when}",
    untitled="Conversation",
    answer="Answer",
    thought="Thoughts",
    note="The chat",
)

GERMAN = TranscriptWords(
    begun="{person}, begonnen am {when}",
    untitled="Unterhaltung",
    answer="Antwort",
    thought="Gedanken",
    note="Der Chat",
)
