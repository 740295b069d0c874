"""The JSON that programs build on: the same from the API and from the command line."""

ANSWER = {
    "answer",
    "citations",
    "statements",
    "abstained",
    "passages",
    "timings_ms",
    "table",
    "grounds",
    "model",
    "calls",
}
CITATION = {"n", "document_id", "document", "page", "quote", "verified"}
