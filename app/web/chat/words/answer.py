"""What the chat says while it answers, in an answer, and in place of one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerWords:
    thinking: str
    thought_for: str
    sources: str
    abstained: str
    nearest: str
    no_passages: str
    on_its_way: str
    on_their_way: str
    nothing_to_read: str
    question_kept: str
    stopped: str
    failed: str
    not_stored: str
    too_fast: str
    picture_not_loaded: str
    answered_in: str
    search_took: str
    first_word_after: str


ENGLISH = AnswerWords(
    thinking="Thinking …",
    thought_for="Thought for {seconds} s",
    sources="Sources",
    abstained="I did not find this in your documents.",
    nearest="The nearest passages are listed above, under “{step}”.",
    no_passages="No passage comes near the question.",
    on_its_way="One document is still being taken in. Ask again later for an answer that knows of it.",
    on_their_way="{n} documents are still being taken in. Ask again later for an answer that knows of them.",
    nothing_to_read="There is no knowledge base that you may read yet. An admin adds one at /admin/knowledge-bases; "
    "everybody else asks the owner of this service for access.",
    question_kept="Your question is kept in this chat; ask it again in a moment.",
    stopped="Stopped. What was written so far is kept.",
    failed="This answer failed for a reason that we did not expect. Your question is kept. Try again; "
    "if it fails again, tell the owner of this service this number: {number}.",
    not_stored="The last message could not be stored and will be missing from the history. "
    "Copy what you need, and tell the owner of this service.",
    too_fast="That was too much within a minute. Nothing was done; send it again in {n} s.",
    picture_not_loaded="picture at {host}, not loaded",
    answered_in="answered in {time}",
    search_took="search {time}",
    first_word_after="first word {time}",
)

GERMAN = AnswerWords(
    thinking="Denkt nach …",
    thought_for="{seconds} s nachgedacht",
    sources="Quellen",
    abstained="Das habe ich in Ihren Dokumenten nicht gefunden.",
    nearest="Die nächstliegenden Stellen stehen oben unter „{step}“.",
    no_passages="Keine Stelle kommt der Frage nahe.",
    on_its_way="Ein Dokument wird noch aufgenommen. Fragen Sie später noch einmal, damit die Antwort es kennt.",
    on_their_way="{n} Dokumente werden noch aufgenommen. Fragen Sie später noch einmal, damit die Antwort sie kennt.",
    nothing_to_read="Es gibt noch keine Wissensbasis, die Sie lesen dürfen. Wer verwaltet, legt unter "
    "/admin/knowledge-bases eine an; alle anderen bitten den Betreiber um Zugang.",
    question_kept="Ihre Frage bleibt in diesem Chat; stellen Sie sie gleich noch einmal.",
    stopped="Angehalten. Was bis hier geschrieben wurde, bleibt erhalten.",
    failed="Diese Antwort ist aus einem unerwarteten Grund gescheitert. Ihre Frage bleibt erhalten. Versuchen Sie es "
    "noch einmal; scheitert es wieder, nennen Sie dem Betreiber diese Nummer: {number}.",
    not_stored="Die letzte Nachricht konnte nicht gespeichert werden und wird im Verlauf fehlen. "
    "Kopieren Sie, was Sie brauchen, und sagen Sie dem Betreiber Bescheid.",
    too_fast="Das war zu viel innerhalb einer Minute. Es wurde nichts getan; senden Sie es in {n} s noch einmal.",
    picture_not_loaded="Bild auf {host}, nicht geladen",
    answered_in="beantwortet in {time}",
    search_took="Suche {time}",
    first_word_after="erstes Wort nach {time}",
)
