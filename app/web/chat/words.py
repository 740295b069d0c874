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
    # Below an answer.
    copy: str
    copied: str
    not_copied: str
    show_evidence: str
    ask_again: str
    edit_question: str
    helpful: str
    not_helpful: str
    answered_in: str
    search_took: str
    first_word_after: str
    scores: str
    also_in: str
    cited: str
    suspicious: str
    picture_not_loaded: str
    # Sentences in doubt.
    in_doubt: str
    doubt_missing: str
    doubt_unlike: str
    doubt_uncited: str
    # What was computed from tables.
    how_computed: str
    unsure: str
    unsure_unused: str
    no_rows: str
    first_rows: str
    more_rows: str
    more_than: str
    yes: str
    no: str
    date: str
    # Evidence beside an answer.
    page_alt: str
    open_file: str
    open_page: str
    # Files added in the chat.
    attached: str
    may_not_upload: str
    attach_again: str
    file_gone: str
    decimal: str
    thousands: str
    adding: str
    documents_nominative: str
    pages_one: str
    pages_many: str
    chunks_one: str
    chunks_many: str
    failures_one: str
    failures_many: str
    done_of_total: str
    per_second: str
    time_left: str
    waiting: str
    reading: str
    embedding: str
    working: str
    unchanged: str
    not_added: str
    item_failed: str
    indexed: str
    nothing_indexed: str
    unchanged_one: str
    unchanged_many: str
    stopped_adding: str
    and_more: str
    job_gone: str
    cancel: str
    cancelling: str
    retry: str
    unlock: str
    unlock_field: str
    unlock_hint: str
    submit: str
    go_back: str


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
    copy="Copy",
    copied="Copied with its sources",
    not_copied="The browser did not let the answer be copied; mark it and copy it by hand.",
    show_evidence="Evidence",
    ask_again="Ask again",
    edit_question="Edit the question",
    helpful="Helpful",
    not_helpful="Not helpful",
    answered_in="answered in {time}",
    search_took="search {time}",
    first_word_after="first word {time}",
    scores="score {score} · similarity {similarity}",
    also_in="nearly the same in {documents}",
    cited="cited",
    picture_not_loaded="picture at {host}, not loaded",
    suspicious="Reads like instructions to the assistant; it was given to the model as text only.",
    in_doubt="Not verified",
    doubt_missing="Not verified: the cited passages do not contain {missing}.",
    doubt_unlike="Not verified: the cited passages do not say this in words that can be checked.",
    doubt_uncited="Not verified: no passage was found that says this.",
    how_computed="How this was computed",
    unsure="This may not be what you asked for. Check below how it was computed.",
    unsure_unused="This may not be what you asked for: {words} did not go into the computation.",
    no_rows="No row fits.",
    first_rows="The first {shown} of {rows} rows.",
    more_rows="The first {shown} rows; there are more.",
    more_than="more than {n}",
    yes="yes",
    no="no",
    date="%Y-%m-%d",
    page_alt="{place}, as a picture; highlighted: {quote}",
    open_file="Open the whole file",
    open_page="Open the page at {host}",
    attached="Added: {names}",
    may_not_upload="Only an admin may add documents here. Ask the owner of this service to add yours.",
    attach_again="The files were not stored; attach them again.",
    file_gone="The file is not here any more; attach it again.",
    decimal=".",
    thousands=",",
    adding="Adding {documents}: {percent} %",
    documents_nominative="{n} documents",
    pages_one="1 page",
    pages_many="{n} pages",
    chunks_one="1 chunk",
    chunks_many="{n} chunks",
    failures_one="1 document could not be added:",
    failures_many="{n} documents could not be added:",
    done_of_total="{done} of {total} done",
    per_second="{chunks}, {rate} per second",
    time_left="about {time} left",
    waiting="waiting",
    reading="reading",
    embedding="indexing",
    working="at work",
    unchanged="in already, unchanged",
    not_added="not added",
    item_failed="could not be added",
    indexed="{counts} indexed in {time}.",
    nothing_indexed="Nothing was indexed.",
    unchanged_one="1 document was in already and is unchanged.",
    unchanged_many="{n} documents were in already and are unchanged.",
    stopped_adding="Stopped: {documents} not added. What was indexed stays.",
    and_more="… and {n} more.",
    job_gone="What became of these documents is not kept any more.",
    cancel="Cancel",
    cancelling="Stopping …",
    retry="Try again",
    unlock="Enter password",
    unlock_field="Password",
    unlock_hint="It opens the protected files of this upload and is not kept in the chat.",
    submit="Try again",
    go_back="Cancel",
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
    copy="Kopieren",
    copied="Mit Quellen kopiert",
    not_copied="Der Browser ließ das Kopieren nicht zu; markieren Sie die Antwort und kopieren Sie sie von Hand.",
    show_evidence="Belege",
    ask_again="Noch einmal fragen",
    edit_question="Die Frage bearbeiten",
    helpful="Hilfreich",
    not_helpful="Nicht hilfreich",
    answered_in="beantwortet in {time}",
    search_took="Suche {time}",
    first_word_after="erstes Wort nach {time}",
    scores="Wertung {score} · Ähnlichkeit {similarity}",
    also_in="fast gleich in {documents}",
    cited="zitiert",
    picture_not_loaded="Bild auf {host}, nicht geladen",
    suspicious="Liest sich wie Anweisungen an den Assistenten; dem Modell wurde es nur als Text gegeben.",
    in_doubt="Nicht bestätigt",
    doubt_missing="Nicht bestätigt: {missing} steht nicht in den zitierten Stellen.",
    doubt_unlike="Nicht bestätigt: Die zitierten Stellen sagen dies nicht in prüfbaren Worten.",
    doubt_uncited="Nicht bestätigt: Es wurde keine Stelle gefunden, die dies sagt.",
    how_computed="Wie dies berechnet wurde",
    unsure="Dies ist vielleicht nicht das, wonach Sie gefragt haben. Prüfen Sie unten, wie es berechnet wurde.",
    unsure_unused="Dies ist vielleicht nicht das, wonach Sie gefragt haben: {words} ging nicht in die Berechnung ein.",
    no_rows="Keine Zeile passt.",
    first_rows="Die ersten {shown} von {rows} Zeilen.",
    more_rows="Die ersten {shown} Zeilen; es gibt weitere.",
    more_than="mehr als {n}",
    yes="ja",
    no="nein",
    date="%d.%m.%Y",
    page_alt="{place}, als Bild; hervorgehoben: {quote}",
    open_file="Die ganze Datei öffnen",
    open_page="Die Seite auf {host} öffnen",
    attached="Hinzugefügt: {names}",
    may_not_upload="Nur die Verwaltung darf hier Dokumente hinzufügen. Bitten Sie den Betreiber darum.",
    attach_again="Die Dateien wurden nicht gespeichert; hängen Sie sie noch einmal an.",
    file_gone="Die Datei ist nicht mehr hier; hängen Sie sie noch einmal an.",
    decimal=",",
    thousands=".",
    adding="Nimmt {documents} auf: {percent} %",
    documents_nominative="{n} Dokumente",
    pages_one="1 Seite",
    pages_many="{n} Seiten",
    chunks_one="1 Abschnitt",
    chunks_many="{n} Abschnitte",
    failures_one="1 Dokument konnte nicht aufgenommen werden:",
    failures_many="{n} Dokumente konnten nicht aufgenommen werden:",
    done_of_total="{done} von {total} fertig",
    per_second="{chunks}, {rate} je Sekunde",
    time_left="noch etwa {time}",
    waiting="wartet",
    reading="wird gelesen",
    embedding="wird indexiert",
    working="in Arbeit",
    unchanged="schon da, unverändert",
    not_added="nicht aufgenommen",
    item_failed="konnte nicht aufgenommen werden",
    indexed="{counts} in {time} indexiert.",
    nothing_indexed="Es wurde nichts indexiert.",
    unchanged_one="1 Dokument war schon da und ist unverändert.",
    unchanged_many="{n} Dokumente waren schon da und sind unverändert.",
    stopped_adding="Angehalten: {documents} nicht aufgenommen. Was indexiert war, bleibt.",
    and_more="… und {n} weitere.",
    job_gone="Was aus diesen Dokumenten wurde, wird nicht mehr aufbewahrt.",
    cancel="Abbrechen",
    cancelling="Wird angehalten …",
    retry="Noch einmal versuchen",
    unlock="Passwort eingeben",
    unlock_field="Passwort",
    unlock_hint="Es öffnet die geschützten Dateien dieser Sendung und wird im Chat nicht aufbewahrt.",
    submit="Noch einmal versuchen",
    go_back="Abbrechen",
)


def words_for(language: str) -> Words:
    """The words of a browser's language (“de-AT”); English for all that is not German."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
