"""What a search is called, and what it found in documents and on the web."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchWords:
    searching: str
    found: str
    found_nothing: str
    found_with_web: str
    found_on_web: str
    passages_one: str
    passages_many: str
    documents_one: str
    documents_many: str
    web_pages_one: str
    web_pages_many: str
    web: str
    cited: str
    scores: str
    also_in: str
    suspicious: str


ENGLISH = SearchWords(
    searching="Searching your documents",
    found="Found {passages} in {documents}",
    found_nothing="Found no passages",
    found_with_web="Found {passages} in {documents} and {pages}",
    found_on_web="Found {passages} on {pages}",
    passages_one="1 passage",
    passages_many="{n} passages",
    documents_one="1 document",
    documents_many="{n} documents",
    web_pages_one="1 web page",
    web_pages_many="{n} web pages",
    web="Web",
    cited="cited",
    scores="score {score} · similarity {similarity}",
    also_in="nearly the same in {documents}",
    suspicious="Reads like instructions to the assistant; it was given to the model as text only.",
)

GERMAN = SearchWords(
    searching="Durchsucht Ihre Dokumente",
    found="{passages} in {documents} gefunden",
    found_nothing="Keine Stellen gefunden",
    found_with_web="{passages} in {documents} und auf {pages} gefunden",
    found_on_web="{passages} auf {pages} gefunden",
    passages_one="1 Stelle",
    passages_many="{n} Stellen",
    documents_one="1 Dokument",
    documents_many="{n} Dokumenten",
    web_pages_one="1 Webseite",
    web_pages_many="{n} Webseiten",
    web="Web",
    cited="zitiert",
    scores="Wertung {score} · Ähnlichkeit {similarity}",
    also_in="fast gleich in {documents}",
    suspicious="Liest sich wie Anweisungen an den Assistenten; dem Modell wurde es nur als Text gegeben.",
)
