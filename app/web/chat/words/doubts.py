"""Why a sentence of an answer is in doubt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DoubtWords:
    heading: str
    unverified: str
    missing: str
    unlike: str
    uncited: str


ENGLISH = DoubtWords(
    heading="Not verified",
    unverified="not verified: the quote does not hold all that the sentence says",
    missing="Not verified: the cited passages do not contain {missing}.",
    unlike="Not verified: the cited passages do not say this in words that can be checked.",
    uncited="Not verified: no passage was found that says this.",
)

GERMAN = DoubtWords(
    heading="Nicht bestätigt",
    unverified="nicht bestätigt: das Zitat enthält nicht alles, was der Satz sagt",
    missing="Nicht bestätigt: {missing} steht nicht in den zitierten Stellen.",
    unlike="Nicht bestätigt: Die zitierten Stellen sagen dies nicht in prüfbaren Worten.",
    uncited="Nicht bestätigt: Es wurde keine Stelle gefunden, die dies sagt.",
)
