"""What stands on buttons below an answer or a question, and what they say when pressed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ButtonWords:
    copy: str
    copied: str
    not_copied: str
    read_aloud: str
    show_evidence: str
    search_web: str
    ask_again: str
    edit_question: str
    helpful: str
    not_helpful: str


ENGLISH = ButtonWords(
    copy="Copy",
    copied="Copied with its sources",
    not_copied="The browser did not let the answer be copied; mark it and copy it by hand.",
    read_aloud="Read aloud",
    show_evidence="Evidence",
    search_web="Search the web for this",
    ask_again="Ask again",
    edit_question="Edit the question",
    helpful="Helpful",
    not_helpful="Not helpful",
)

GERMAN = ButtonWords(
    copy="Kopieren",
    copied="Mit Quellen kopiert",
    not_copied="Der Browser ließ das Kopieren nicht zu; markieren Sie die Antwort und kopieren Sie sie von Hand.",
    read_aloud="Vorlesen",
    show_evidence="Belege",
    search_web="Im Web danach suchen",
    ask_again="Noch einmal fragen",
    edit_question="Die Frage bearbeiten",
    helpful="Hilfreich",
    not_helpful="Nicht hilfreich",
)
