"""Files that come with a message, before anything is done with them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileWords:
    attached: str
    handed_in: str
    handed_in_where: str
    may_not_upload: str
    attach_again: str


ENGLISH = FileWords(
    attached="Added: {names}",
    handed_in="Handed in: {names}",
    handed_in_where="Handed in to “{name}”: {files}. An editor looks at it before it can be searched.",
    may_not_upload="Only an admin may add documents here. Ask the owner of this service to add yours.",
    attach_again="The files were not stored; attach them again.",
)

GERMAN = FileWords(
    attached="Hinzugefügt: {names}",
    handed_in="Eingereicht: {names}",
    handed_in_where="Bei „{name}“ eingereicht: {files}. Die Redaktion sieht es an, bevor jemand darin suchen kann.",
    may_not_upload="Nur die Verwaltung darf hier Dokumente hinzufügen. Bitten Sie den Betreiber darum.",
    attach_again="Die Dateien wurden nicht gespeichert; hängen Sie sie noch einmal an.",
)
