"""What the chat page says itself, in English and German."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language. Braces are filled with `str.format`."""

    searching: str
    found: str
    found_nothing: str
    passages_one: str
    passages_many: str
    documents_one: str
    documents_many: str
    page: str
    sources: str
    quote: str
    unverified: str
    abstained: str
    nearest: str
    no_passages: str
    nothing_to_read: str
    question_kept: str
    stopped: str
    failed: str
    not_stored: str


ENGLISH = Words(
    searching="Searching your documents",
    found="Found {passages} in {documents}",
    found_nothing="Found no passages",
    passages_one="1 passage",
    passages_many="{n} passages",
    documents_one="1 document",
    documents_many="{n} documents",
    page="page {n}",
    sources="Sources",
    quote="“{text}”",
    unverified="not verified: the quote does not hold all that the sentence says",
    abstained="I did not find this in your documents.",
    nearest="The nearest passages are listed above, under “{step}”.",
    no_passages="No passage comes near the question.",
    nothing_to_read="There is no knowledge base that you may read yet. Ask the owner of this service for access.",
    question_kept="Your question is kept in this chat; ask it again in a moment.",
    stopped="Stopped. What was written so far is kept.",
    failed="This answer failed for a reason that we did not expect. Your question is kept. Try again; "
    "if it fails again, tell the owner of this service this number: {number}.",
    not_stored="The last message could not be stored and will be missing from the history. "
    "Copy what you need, and tell the owner of this service.",
)

GERMAN = Words(
    searching="Durchsucht Ihre Dokumente",
    found="{passages} in {documents} gefunden",
    found_nothing="Keine Stellen gefunden",
    passages_one="1 Stelle",
    passages_many="{n} Stellen",
    documents_one="1 Dokument",
    documents_many="{n} Dokumenten",
    page="Seite {n}",
    sources="Quellen",
    quote="„{text}“",
    unverified="nicht bestätigt: das Zitat enthält nicht alles, was der Satz sagt",
    abstained="Das habe ich in Ihren Dokumenten nicht gefunden.",
    nearest="Die nächstliegenden Stellen stehen oben unter „{step}“.",
    no_passages="Keine Stelle kommt der Frage nahe.",
    nothing_to_read="Es gibt noch keine Wissensbasis, die Sie lesen dürfen. Bitten Sie den Betreiber um Zugang.",
    question_kept="Ihre Frage bleibt in diesem Chat; stellen Sie sie gleich noch einmal.",
    stopped="Angehalten. Was bis hier geschrieben wurde, bleibt erhalten.",
    failed="Diese Antwort ist aus einem unerwarteten Grund gescheitert. Ihre Frage bleibt erhalten. Versuchen Sie es "
    "noch einmal; scheitert es wieder, nennen Sie dem Betreiber diese Nummer: {number}.",
    not_stored="Die letzte Nachricht konnte nicht gespeichert werden und wird im Verlauf fehlen. "
    "Kopieren Sie, was Sie brauchen, und sagen Sie dem Betreiber Bescheid.",
)


def words_for(language: str) -> Words:
    """The words of a browser's language (“de-AT”); English for all that is not German."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
