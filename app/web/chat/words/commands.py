"""What commands are for, how they are written, and why one is not carried out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandWords:
    web: str
    web_is_off: str
    web_how: str
    web_page_how: str
    table: str
    table_is_off: str
    table_how: str
    kb: str
    kb_list: str
    kb_unclear: str
    kb_how: str
    speak: str
    speak_is_off: str


ENGLISH = CommandWords(
    web="Search the web, or read the page at an address",
    web_is_off="The web is not asked here: the owner of this service has not switched web search on, or not for you. "
    "Your documents can be asked as ever.",
    web_how="Write what to look for after the command: /web opening hours of the city library",
    web_page_how="Write what you want to know after the address: /web {url} What does it say about …?",
    table="Ask your tables",
    table_is_off="Tables cannot be asked here: the owner of this service has not switched that on for you.",
    table_how="Write your question after the command: /table Which three regions sold most?",
    kb="Ask one knowledge base only",
    kb_list="You may ask these knowledge bases:",
    kb_unclear="None of your knowledge bases, or more than one, is called that. You may ask these:",
    kb_how="Write the name, a colon and your question: /kb {name}: How long is the notice period?",
    speak="Read an answer aloud",
    speak_is_off="Answers are not read aloud here: the owner of this service has not switched that on.",
)

GERMAN = CommandWords(
    web="Im Web suchen oder die Seite unter einer Adresse lesen",
    web_is_off="Das Web wird hier nicht gefragt: Der Betreiber hat die Websuche nicht eingeschaltet, oder nicht für "
    "Sie. Ihre Dokumente können Sie weiter fragen.",
    web_how="Schreiben Sie hinter den Befehl, was gesucht wird: /web Öffnungszeiten der Stadtbibliothek",
    web_page_how="Schreiben Sie hinter die Adresse, was Sie wissen wollen: /web {url} Was steht dort über …?",
    table="Ihre Tabellen fragen",
    table_is_off="Tabellen können hier nicht gefragt werden: Der Betreiber hat das für Sie nicht eingeschaltet.",
    table_how="Schreiben Sie Ihre Frage hinter den Befehl: /table Welche drei Regionen verkaufen am meisten?",
    kb="Nur eine Wissensbasis fragen",
    kb_list="Diese Wissensbasen dürfen Sie fragen:",
    kb_unclear="Keine Ihrer Wissensbasen heißt so, oder mehr als eine. Diese dürfen Sie fragen:",
    kb_how="Schreiben Sie den Namen, einen Doppelpunkt und Ihre Frage: /kb {name}: Wie lang ist die Kündigungsfrist?",
    speak="Eine Antwort vorlesen",
    speak_is_off="Antworten werden hier nicht vorgelesen: Der Betreiber hat das nicht eingeschaltet.",
)
