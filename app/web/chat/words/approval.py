"""What a person is asked before something leaves this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApprovalWords:
    title: str
    by_person: str
    by_model: str
    by_model_page: str
    field: str
    hint: str
    hint_pages: str
    always: str
    yes: str
    no: str
    verbatim: str
    secret: str


ENGLISH = ApprovalWords(
    title="Send this to {host}?",
    by_person="You asked for this with a command.",
    by_model="The language model wants to search the web with these words.",
    by_model_page="The language model wants to open this page.",
    field="The text that would be sent",
    hint="Exactly this text is sent, and nothing else. You can change it first. "
    "No answer within five minutes counts as no.",
    hint_pages="Exactly this text is sent, and nothing else. You can change it first. "
    "Then up to {pages} of the pages found are opened. No answer within five minutes counts as no.",
    always="From now on, send to {host} without asking",
    yes="Send",
    no="Do not send",
    verbatim="{piece} stands word for word in {where}.",
    secret="{piece} looks like a secret ({where}).",  # noqa: S106 - a sentence about one
)

GERMAN = ApprovalWords(
    title="Dies an {host} senden?",
    by_person="Sie haben dies mit einem Befehl verlangt.",
    by_model="Das Sprachmodell möchte mit diesen Worten im Web suchen.",
    by_model_page="Das Sprachmodell möchte diese Seite öffnen.",
    field="Der Text, der gesendet würde",
    hint="Genau dieser Text wird gesendet, sonst nichts. Sie können ihn vorher ändern. "
    "Keine Antwort innerhalb von fünf Minuten gilt als Nein.",
    hint_pages="Genau dieser Text wird gesendet, sonst nichts. Sie können ihn vorher ändern. "
    "Danach werden bis zu {pages} der gefundenen Seiten geöffnet. Keine Antwort innerhalb von fünf Minuten gilt als "
    "Nein.",
    always="Von jetzt an ohne Nachfrage an {host} senden",
    yes="Senden",
    no="Nicht senden",
    verbatim="{piece} steht wörtlich in {where}.",
    secret="{piece} sieht nach einem Geheimnis aus ({where}).",  # noqa: S106 - a sentence about one
)
