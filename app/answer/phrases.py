"""The few sentences that Cloister itself says in an answer, in the languages it speaks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's sentences."""

    not_found: str
    in_their_words: str


_BY_LANGUAGE = {
    "en": Phrases(
        not_found="I did not find this in your documents.",
        in_their_words="In the words of your documents:",
    ),
    "de": Phrases(
        not_found="Das habe ich in Ihren Dokumenten nicht gefunden.",
        in_their_words="Im Wortlaut Ihrer Dokumente:",
    ),
}


def phrases_for(language: str) -> Phrases:
    """The sentences in this language (ISO 639-1), English where it is not spoken."""
    return _BY_LANGUAGE.get(language, _BY_LANGUAGE["en"])
