"""Documents on their way in, and what became of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AddingWords:
    heading: str
    documents_one: str
    documents_many: str
    pages_one: str
    pages_many: str
    chunks_one: str
    chunks_many: str
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
    failures_one: str
    failures_many: str
    stopped: str
    job_gone: str
    cancel: str
    cancelling: str
    retry: str
    unlock: str
    unlock_field: str
    unlock_hint: str
    submit: str
    go_back: str


ENGLISH = AddingWords(
    heading="Adding {documents}: {percent} %",
    documents_one="1 document",
    documents_many="{n} documents",
    pages_one="1 page",
    pages_many="{n} pages",
    chunks_one="1 chunk",
    chunks_many="{n} chunks",
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
    failures_one="1 document could not be added:",
    failures_many="{n} documents could not be added:",
    stopped="Stopped: {documents} not added. What was indexed stays.",
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

GERMAN = AddingWords(
    heading="Nimmt {documents} auf: {percent} %",
    documents_one="1 Dokument",
    documents_many="{n} Dokumente",
    pages_one="1 Seite",
    pages_many="{n} Seiten",
    chunks_one="1 Abschnitt",
    chunks_many="{n} Abschnitte",
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
    failures_one="1 Dokument konnte nicht aufgenommen werden:",
    failures_many="{n} Dokumente konnten nicht aufgenommen werden:",
    stopped="Angehalten: {documents} nicht aufgenommen. Was indexiert war, bleibt.",
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
