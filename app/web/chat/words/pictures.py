"""Pictures of questions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PictureWords:
    reading: str
    read_one: str
    read_many: str
    empty: str
    not_read: str
    text: str
    alone: str
    only_one: str
    too_large: str


ENGLISH = PictureWords(
    reading="Reading the picture",
    read_one="The model cannot see pictures; its text was read instead: 1 word",
    read_many="The model cannot see pictures; its text was read instead: {n} words",
    empty="The model cannot see pictures, and no text was found in this one",
    not_read="The model cannot see pictures, and reading text in them is switched off",
    text="Read in the picture:",
    alone="A picture alone is added as a document, which only those do who may add some. "
    "Send it together with a question, then it is part of that.",
    only_one="One picture can go with a question; several are documents, which you may not add. Send one of them.",
    too_large="The picture is larger than {n} MB; save it smaller and attach it again.",
)

GERMAN = PictureWords(
    reading="Liest das Bild",
    read_one="Das Modell kann keine Bilder sehen; stattdessen wurde der Text darin gelesen: 1 Wort",
    read_many="Das Modell kann keine Bilder sehen; stattdessen wurde der Text darin gelesen: {n} Wörter",
    empty="Das Modell kann keine Bilder sehen, und in diesem wurde kein Text gefunden",
    not_read="Das Modell kann keine Bilder sehen, und das Lesen von Text darin ist abgeschaltet",
    text="Im Bild gelesen:",
    alone="Ein Bild allein wird als Dokument aufgenommen; das dürfen nur die, die Dokumente hinzufügen dürfen. "
    "Senden Sie es zusammen mit einer Frage, dann gehört es zu ihr.",
    only_one="Ein Bild kann zu einer Frage gehören; mehrere sind Dokumente, die Sie nicht hinzufügen dürfen. "
    "Senden Sie eines davon.",
    too_large="Das Bild ist größer als {n} MB; speichern Sie es kleiner und hängen Sie es noch einmal an.",
)
