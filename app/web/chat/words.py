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
    # Reading aloud, and questions by voice.
    read_aloud: str
    reading_aloud: str
    play: str
    pause: str
    stop_reading: str
    microphone: str
    microphone_stop: str
    speed: str
    voice: str
    download: str
    sentence_of: str
    not_read: str
    press_play: str
    nothing_to_read_aloud: str
    hands_free: str
    hands_free_on: str
    hands_free_off: str
    recognising: str
    heard_nothing: str
    heard_part: str
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
    # Choosing who answers.
    assistant: str
    model: str
    no_assistant: str
    no_assistant_hint: str
    usual_model: str
    usual_model_hint: str
    assistant_gone: str
    model_gone: str
    # Pictures of questions.
    reading_picture: str
    picture_read_one: str
    picture_read_many: str
    picture_empty: str
    picture_not_read: str
    picture_text: str
    picture_alone: str
    one_picture: str
    picture_too_large: str
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
    # Conversations: branches, pins, taking them away, comparing.
    branch: str
    branch_of: str
    edit_hint: str
    compare: str
    this_conversation: str
    pin: str
    unpin: str
    pinned: str
    export_markdown: str
    export_json: str
    not_done: str
    begun: str
    untitled: str
    answer: str
    thought: str
    note: str


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
    read_aloud="Read aloud",
    reading_aloud="Reading aloud",
    play="Play",
    pause="Pause",
    stop_reading="Stop",
    microphone="Ask by voice",
    microphone_stop="Stop the microphone",
    speed="Speed",
    voice="Voice",
    download="Download as {format}",
    sentence_of="Sentence {n} of {total}",
    not_read="This could not be read aloud. The answer stays as it is; try again, or choose another voice.",
    press_play="The browser waits for you: press Play.",
    nothing_to_read_aloud="There is no answer in this chat yet that could be read aloud.",
    hands_free="Hands free",
    hands_free_on="Hands free is on: what you say is asked once you pause, and the answer is read aloud. "
    "Start the microphone to begin.",
    hands_free_off="Hands free is off.",
    recognising="Recognising what you said …",
    heard_nothing="Nothing was heard. Check the microphone and say it again, or type your question.",
    heard_part="Only the first {seconds} seconds were taken; say the rest as a second part.",
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
    assistant="Assistant",
    model="Language model",
    no_assistant="No assistant",
    no_assistant_hint="Answers from all that you may read.",
    usual_model="Usual model",
    usual_model_hint="The assistant’s own, else {name}.",
    assistant_gone="The assistant “{name}” is not offered to you any more; you are answered without it from here on.",
    model_gone="The language model of this chat is not offered any more; the usual one answers from here on.",
    reading_picture="Reading the picture",
    picture_read_one="The model cannot see pictures; its text was read instead: 1 word",
    picture_read_many="The model cannot see pictures; its text was read instead: {n} words",
    picture_empty="The model cannot see pictures, and no text was found in this one",
    picture_not_read="The model cannot see pictures, and reading text in them is switched off",
    picture_text="Read in the picture:",
    picture_alone="A picture alone is added as a document, which only those do who may add some. "
    "Send it together with a question, then it is part of that.",
    one_picture="One picture can go with a question; several are documents, which you may not add. Send one of them.",
    picture_too_large="The picture is larger than {n} MB; save it smaller and attach it again.",
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
    branch="Branch from here",
    branch_of="{name} (branch)",
    edit_hint="What came after this question will be removed. To keep it, first use “Branch from here” below.",
    compare="Compare with another model",
    this_conversation="This conversation",
    pin="Pin",
    unpin="Unpin",
    pinned="Pinned",
    export_markdown="Export as Markdown",
    export_json="Export as JSON",
    not_done="Nothing was changed: the service does not answer. Try again in a moment.",
    begun="{person}, begun on {when}",
    untitled="Conversation",
    answer="Answer",
    thought="Thoughts",
    note="The chat",
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
    read_aloud="Vorlesen",
    reading_aloud="Wird vorgelesen",
    play="Abspielen",
    pause="Pause",
    stop_reading="Anhalten",
    microphone="Mit der Stimme fragen",
    microphone_stop="Mikrofon anhalten",
    speed="Tempo",
    voice="Stimme",
    download="Als {format} herunterladen",
    sentence_of="Satz {n} von {total}",
    not_read="Dies konnte nicht vorgelesen werden. Die Antwort bleibt, wie sie ist; versuchen Sie es noch einmal, oder "
    "wählen Sie eine andere Stimme.",
    press_play="Der Browser wartet auf Sie: Drücken Sie auf Abspielen.",
    nothing_to_read_aloud="In diesem Chat gibt es noch keine Antwort, die vorgelesen werden könnte.",
    hands_free="Freihändig",
    hands_free_on="Freihändig ist an: Was Sie sagen, wird nach einer Pause gefragt, und die Antwort wird vorgelesen. "
    "Starten Sie das Mikrofon, um zu beginnen.",
    hands_free_off="Freihändig ist aus.",
    recognising="Gesprochenes wird erkannt …",
    heard_nothing="Es war nichts zu hören. Prüfen Sie das Mikrofon und sagen Sie es noch einmal, oder tippen Sie Ihre "
    "Frage.",
    heard_part="Nur die ersten {seconds} Sekunden wurden genommen; sagen Sie den Rest als zweiten Teil.",
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
    assistant="Assistent",
    model="Sprachmodell",
    no_assistant="Ohne Assistent",
    no_assistant_hint="Antwortet aus allem, was Sie lesen dürfen.",
    usual_model="Übliches Modell",
    usual_model_hint="Das des Assistenten, sonst {name}.",
    assistant_gone="Der Assistent „{name}“ steht Ihnen nicht mehr zur Wahl; ab hier wird ohne ihn geantwortet.",
    model_gone="Das Sprachmodell dieses Chats steht nicht mehr zur Wahl; ab hier antwortet das übliche.",
    reading_picture="Liest das Bild",
    picture_read_one="Das Modell kann keine Bilder sehen; stattdessen wurde der Text darin gelesen: 1 Wort",
    picture_read_many="Das Modell kann keine Bilder sehen; stattdessen wurde der Text darin gelesen: {n} Wörter",
    picture_empty="Das Modell kann keine Bilder sehen, und in diesem wurde kein Text gefunden",
    picture_not_read="Das Modell kann keine Bilder sehen, und das Lesen von Text darin ist abgeschaltet",
    picture_text="Im Bild gelesen:",
    picture_alone="Ein Bild allein wird als Dokument aufgenommen; das dürfen nur die, die Dokumente hinzufügen dürfen. "
    "Senden Sie es zusammen mit einer Frage, dann gehört es zu ihr.",
    one_picture="Ein Bild kann zu einer Frage gehören; mehrere sind Dokumente, die Sie nicht hinzufügen dürfen. "
    "Senden Sie eines davon.",
    picture_too_large="Das Bild ist größer als {n} MB; speichern Sie es kleiner und hängen Sie es noch einmal an.",
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
    branch="Hier abzweigen",
    branch_of="{name} (Abzweig)",
    edit_hint="Was nach dieser Frage kam, wird entfernt. Um es zu behalten, zweigen Sie vorher unter ihrer Antwort ab.",
    compare="Mit einem anderen Modell vergleichen",
    this_conversation="Diese Unterhaltung",
    pin="Anheften",
    unpin="Lösen",
    pinned="Angeheftet",
    export_markdown="Als Markdown exportieren",
    export_json="Als JSON exportieren",
    not_done="Nichts wurde geändert: Der Dienst antwortet nicht. Versuchen Sie es gleich noch einmal.",
    begun="{person}, begonnen am {when}",
    untitled="Unterhaltung",
    answer="Antwort",
    thought="Gedanken",
    note="Der Chat",
)


def words_for(language: str) -> Words:
    """The words of a browser's language (“de-AT”); English for all that is not German."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
