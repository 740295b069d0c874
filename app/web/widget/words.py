"""What the panel says, in English and German."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class WidgetWords:
    """The words of one language. `page`, `source` and `wait` hold a `{n}`, `missing` a `{words}`."""

    language: str
    title: str
    greeting: str
    question: str
    send: str
    close: str
    you: str
    answer: str
    searching: str
    sources: str
    page: str
    source: str
    back: str
    unverified: str
    missing: str
    too_many: str
    busy: str
    out_of_date: str
    failed: str
    away: str
    again: str
    check: str
    nothing: str


ENGLISH = WidgetWords(
    language="en",
    title="Ask our documents",
    greeting="Ask a question. The answer comes from our documents and says where it stands.",
    question="Your question",
    send="Ask",
    close="Close the chat",
    you="You",
    answer="Answer",
    searching="Searching the documents …",
    sources="Sources",
    page="page {n}",
    source="Source {n}",
    back="Back to the chat",
    unverified="Not verified by its source.",
    missing="Not verified: no source holds {words}.",
    too_many="You asked very often in a short time. This question was not asked; try again in a minute.",
    busy="Many people are asking right now. This question was not asked; try again in a moment.",
    out_of_date="This chat was open for too long, or is no longer offered here. Open it anew to go on.",
    failed="The question could not be answered. Nothing is lost; try again in a moment.",
    away="The service does not answer. Check the connection, and try again.",
    again="Open anew",
    check="Answers are written by a language model; check them against their sources.",
    nothing="There is no chat for this page.",
)
GERMAN = WidgetWords(
    language="de",
    title="Unsere Dokumente fragen",
    greeting="Stellen Sie eine Frage. Die Antwort kommt aus unseren Dokumenten und sagt, wo es steht.",
    question="Ihre Frage",
    send="Fragen",
    close="Chat schließen",
    you="Sie",
    answer="Antwort",
    searching="Die Dokumente werden durchsucht …",
    sources="Quellen",
    page="Seite {n}",
    source="Quelle {n}",
    back="Zurück zum Chat",
    unverified="Durch die Quelle nicht belegt.",
    missing="Nicht belegt: In keiner Quelle steht {words}.",
    too_many="Sie haben in kurzer Zeit sehr oft gefragt. Diese Frage wurde nicht gestellt; versuchen Sie es in einer "
    "Minute noch einmal.",
    busy="Gerade fragen viele. Diese Frage wurde nicht gestellt; versuchen Sie es gleich noch einmal.",
    out_of_date="Dieser Chat war zu lange offen oder wird hier nicht mehr angeboten. Öffnen Sie ihn neu.",
    failed="Die Frage konnte nicht beantwortet werden. Nichts ist verloren; versuchen Sie es gleich noch einmal.",
    away="Der Dienst antwortet nicht. Prüfen Sie die Verbindung, und versuchen Sie es noch einmal.",
    again="Neu öffnen",
    check="Antworten schreibt ein Sprachmodell; prüfen Sie sie an ihren Quellen.",
    nothing="Für diese Seite gibt es keinen Chat.",
)


def widget_words(accept_language: str) -> WidgetWords:
    """The words for a browser's Accept-Language; English for all that is not German first."""
    return GERMAN if accept_language.strip().lower().startswith("de") else ENGLISH


def as_data(words: WidgetWords) -> dict[str, str]:
    """The words by their names, for the panel's script."""
    return asdict(words)
