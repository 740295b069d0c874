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
    # Reasoning models.
    thinking: str
    thought_for: str
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
    # Who put a document in, and why somebody should look at it.
    locale: str
    added_by: str
    added_by_machine: str
    added_by_gone: str
    added_on: str
    added_from: str
    flagged: str
    flag_instructions: str
    flag_hidden_text: str
    flag_near_copies: str
    # Files that a reader hands in.
    handed_in: str
    handed_in_where: str
    # Sources on the web.
    web: str
    found_with_web: str
    found_on_web: str
    web_pages_one: str
    web_pages_many: str
    # Calls of tools.
    tool_web_search: str
    tool_open_page: str
    tool_search_documents: str
    tool_query_table: str
    tool_read_aloud: str
    tool_at: str
    call_declined: str
    call_forbidden: str
    call_failed: str
    call_stopped: str
    call_sent: str
    # What a person is asked before something leaves this machine.
    approval_title: str
    approval_by_person: str
    approval_by_model: str
    approval_by_model_page: str
    approval_by_model_outside: str
    approval_by_model_change: str
    approval_field: str
    approval_hint: str
    approval_hint_pages: str
    approval_always: str
    approval_yes: str
    approval_no: str
    flag_verbatim: str
    flag_secret: str
    # Commands.
    command_web: str
    command_table: str
    command_kb: str
    command_speak: str
    web_is_off: str
    table_is_off: str
    speak_is_off: str
    web_how: str
    web_page_how: str
    table_how: str
    kb_list: str
    kb_unclear: str
    kb_how: str
    search_web: str
    # Files added in the chat.
    attached: str
    may_not_upload: str
    too_fast: str
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
    thinking="Thinking …",
    thought_for="Thought for {seconds} s",
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
    locale="en_GB",
    added_by="Added by {name} on {date}",
    added_by_machine="Added on this machine on {date}",
    added_by_gone="Added by a person who has left on {date}",
    added_on="Added on {date}",
    added_from="From {host}, read on {date}",
    flagged="Flagged for review: {reasons}",
    flag_instructions="reads like instructions to the assistant",
    flag_hidden_text="hides text",
    flag_near_copies="one claim in many near-copies",
    handed_in="Handed in: {names}",
    handed_in_where="Handed in to “{name}”: {files}. An editor looks at it before it can be searched.",
    web="Web",
    found_with_web="Found {passages} in {documents} and {pages}",
    found_on_web="Found {passages} on {pages}",
    web_pages_one="1 web page",
    web_pages_many="{n} web pages",
    tool_web_search="Web search",
    tool_open_page="Web page",
    tool_search_documents="Another search of your documents",
    tool_query_table="Question to your tables",
    tool_read_aloud="Reading aloud",
    tool_at="{tool} at {host}",
    call_declined="nothing was sent",
    call_forbidden="not allowed",
    call_failed="not done",
    call_stopped="Stopped.",
    call_sent="Sent: {text}",
    approval_title="Send this to {host}?",
    approval_by_person="You asked for this with a command.",
    approval_by_model="The language model wants to search the web with these words.",
    approval_by_model_page="The language model wants to open this page.",
    approval_by_model_outside="The language model wants to call the function {function} there with these arguments. "
    "An admin says that it only reads.",
    approval_by_model_change="The language model wants to call the function {function} there with these arguments. "
    "It may change something there.",
    approval_field="The text that would be sent",
    approval_hint="Exactly this text is sent, and nothing else. You can change it first. "
    "No answer within five minutes counts as no.",
    approval_hint_pages="Exactly this text is sent, and nothing else. You can change it first. "
    "Then up to {pages} of the pages found are opened. No answer within five minutes counts as no.",
    approval_always="From now on, send to {host} without asking",
    approval_yes="Send",
    approval_no="Do not send",
    flag_verbatim="{piece} stands word for word in {where}.",
    flag_secret="{piece} looks like a secret ({where}).",  # noqa: S106 - a sentence about one
    command_web="Search the web, or read the page at an address",
    command_table="Ask your tables",
    command_kb="Ask one knowledge base only",
    command_speak="Read an answer aloud",
    web_is_off="The web is not asked here: the owner of this service has not switched web search on, or not for you. "
    "Your documents can be asked as ever.",
    table_is_off="Tables cannot be asked here: the owner of this service has not switched that on for you.",
    speak_is_off="Answers are not read aloud here: the owner of this service has not switched that on.",
    web_how="Write what to look for after the command: /web opening hours of the city library",
    web_page_how="Write what you want to know after the address: /web {url} What does it say about …?",
    table_how="Write your question after the command: /table Which three regions sold most?",
    kb_list="You may ask these knowledge bases:",
    kb_unclear="None of your knowledge bases, or more than one, is called that. You may ask these:",
    kb_how="Write the name, a colon and your question: /kb {name}: How long is the notice period?",
    search_web="Search the web for this",
    attached="Added: {names}",
    too_fast="That was too much within a minute. Nothing was done; send it again in {n} s.",
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
    thinking="Denkt nach …",
    thought_for="{seconds} s nachgedacht",
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
    locale="de",
    added_by="Hinzugefügt von {name} am {date}",
    added_by_machine="Auf dieser Maschine hinzugefügt am {date}",
    added_by_gone="Hinzugefügt am {date} von jemandem, der nicht mehr da ist",
    added_on="Hinzugefügt am {date}",
    added_from="Von {host}, gelesen am {date}",
    flagged="Zur Prüfung vorgemerkt: {reasons}",
    flag_instructions="liest sich wie Anweisungen an den Assistenten",
    flag_hidden_text="verbirgt Text",
    flag_near_copies="eine Aussage in vielen fast gleichen Dokumenten",
    handed_in="Eingereicht: {names}",
    handed_in_where="Bei „{name}“ eingereicht: {files}. Die Redaktion sieht es an, bevor jemand darin suchen kann.",
    web="Web",
    found_with_web="{passages} in {documents} und auf {pages} gefunden",
    found_on_web="{passages} auf {pages} gefunden",
    web_pages_one="1 Webseite",
    web_pages_many="{n} Webseiten",
    tool_web_search="Websuche",
    tool_open_page="Webseite",
    tool_search_documents="Weitere Suche in Ihren Dokumenten",
    tool_query_table="Frage an Ihre Tabellen",
    tool_read_aloud="Vorlesen",
    tool_at="{tool} bei {host}",
    call_declined="nichts gesendet",
    call_forbidden="nicht erlaubt",
    call_failed="nicht ausgeführt",
    call_stopped="Angehalten.",
    call_sent="Gesendet: {text}",
    approval_title="Dies an {host} senden?",
    approval_by_person="Sie haben dies mit einem Befehl verlangt.",
    approval_by_model="Das Sprachmodell möchte mit diesen Worten im Web suchen.",
    approval_by_model_page="Das Sprachmodell möchte diese Seite öffnen.",
    approval_by_model_outside="Das Sprachmodell möchte dort die Funktion {function} mit diesen Angaben aufrufen. "
    "Laut Verwaltung liest sie nur.",
    approval_by_model_change="Das Sprachmodell möchte dort die Funktion {function} mit diesen Angaben aufrufen. "
    "Sie kann dort etwas ändern.",
    approval_field="Der Text, der gesendet würde",
    approval_hint="Genau dieser Text wird gesendet, sonst nichts. Sie können ihn vorher ändern. "
    "Keine Antwort innerhalb von fünf Minuten gilt als Nein.",
    approval_hint_pages="Genau dieser Text wird gesendet, sonst nichts. Sie können ihn vorher ändern. "
    "Danach werden bis zu {pages} der gefundenen Seiten geöffnet. Keine Antwort innerhalb von fünf Minuten gilt als "
    "Nein.",
    approval_always="Von jetzt an ohne Nachfrage an {host} senden",
    approval_yes="Senden",
    approval_no="Nicht senden",
    flag_verbatim="{piece} steht wörtlich in {where}.",
    flag_secret="{piece} sieht nach einem Geheimnis aus ({where}).",  # noqa: S106
    command_web="Im Web suchen oder die Seite unter einer Adresse lesen",
    command_table="Ihre Tabellen fragen",
    command_kb="Nur eine Wissensbasis fragen",
    command_speak="Eine Antwort vorlesen",
    web_is_off="Das Web wird hier nicht gefragt: Der Betreiber hat die Websuche nicht eingeschaltet, oder nicht für "
    "Sie. Ihre Dokumente können Sie weiter fragen.",
    table_is_off="Tabellen können hier nicht gefragt werden: Der Betreiber hat das für Sie nicht eingeschaltet.",
    speak_is_off="Antworten werden hier nicht vorgelesen: Der Betreiber hat das nicht eingeschaltet.",
    web_how="Schreiben Sie hinter den Befehl, was gesucht wird: /web Öffnungszeiten der Stadtbibliothek",
    web_page_how="Schreiben Sie hinter die Adresse, was Sie wissen wollen: /web {url} Was steht dort über …?",
    table_how="Schreiben Sie Ihre Frage hinter den Befehl: /table Welche drei Regionen verkaufen am meisten?",
    kb_list="Diese Wissensbasen dürfen Sie fragen:",
    kb_unclear="Keine Ihrer Wissensbasen heißt so, oder mehr als eine. Diese dürfen Sie fragen:",
    kb_how="Schreiben Sie den Namen, einen Doppelpunkt und Ihre Frage: /kb {name}: Wie lang ist die Kündigungsfrist?",
    search_web="Im Web danach suchen",
    attached="Hinzugefügt: {names}",
    too_fast="Das war zu viel innerhalb einer Minute. Es wurde nichts getan; senden Sie es in {n} s noch einmal.",
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
