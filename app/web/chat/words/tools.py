"""Calls of tools, and what became of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolWords:
    web_search: str
    open_page: str
    search_documents: str
    query_table: str
    read_aloud: str
    at_host: str
    declined: str
    forbidden: str
    failed: str
    stopped: str
    sent: str


ENGLISH = ToolWords(
    web_search="Web search",
    open_page="Web page",
    search_documents="Another search of your documents",
    query_table="Question to your tables",
    read_aloud="Reading aloud",
    at_host="{tool} at {host}",
    declined="nothing was sent",
    forbidden="not allowed",
    failed="not done",
    stopped="Stopped.",
    sent="Sent: {text}",
)

GERMAN = ToolWords(
    web_search="Websuche",
    open_page="Webseite",
    search_documents="Weitere Suche in Ihren Dokumenten",
    query_table="Frage an Ihre Tabellen",
    read_aloud="Vorlesen",
    at_host="{tool} bei {host}",
    declined="nichts gesendet",
    forbidden="nicht erlaubt",
    failed="nicht ausgeführt",
    stopped="Angehalten.",
    sent="Gesendet: {text}",
)
