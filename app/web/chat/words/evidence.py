"""Evidence beside an answer: the page, who put its document in, and why somebody should look at it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvidenceWords:
    page_alt: str
    open_file: str
    open_page: str
    added_by: str
    added_by_machine: str
    added_by_gone: str
    added_on: str
    added_from: str
    flagged: str
    flag_instructions: str
    flag_hidden_text: str
    flag_near_copies: str


ENGLISH = EvidenceWords(
    page_alt="{place}, as a picture; highlighted: {quote}",
    open_file="Open the whole file",
    open_page="Open the page at {host}",
    added_by="Added by {name} on {date}",
    added_by_machine="Added on this machine on {date}",
    added_by_gone="Added by a person who has left on {date}",
    added_on="Added on {date}",
    added_from="From {host}, read on {date}",
    flagged="Flagged for review: {reasons}",
    flag_instructions="reads like instructions to the assistant",
    flag_hidden_text="hides text",
    flag_near_copies="one claim in many near-copies",
)

GERMAN = EvidenceWords(
    page_alt="{place}, als Bild; hervorgehoben: {quote}",
    open_file="Die ganze Datei öffnen",
    open_page="Die Seite auf {host} öffnen",
    added_by="Hinzugefügt von {name} am {date}",
    added_by_machine="Auf dieser Maschine hinzugefügt am {date}",
    added_by_gone="Hinzugefügt am {date} von jemandem, der nicht mehr da ist",
    added_on="Hinzugefügt am {date}",
    added_from="Von {host}, gelesen am {date}",
    flagged="Zur Prüfung vorgemerkt: {reasons}",
    flag_instructions="liest sich wie Anweisungen an den Assistenten",
    flag_hidden_text="verbirgt Text",
    flag_near_copies="eine Aussage in vielen fast gleichen Dokumenten",
)
