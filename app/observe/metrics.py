"""The figures that Prometheus is given, counted where things happen. Label sets are closed: no names, no ids, no text.

What can be looked up when somebody asks (the queue, engines, the disk) is in `app.operations.figures`.
"""

from typing import Final

from prometheus_client import Counter, Histogram

# From a word typed into a small index to an answer of a slow model on a processor.
SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)

REQUEST_SECONDS = Histogram("cloister_request_seconds", "Time to answer a request.", ["method", "route", "status"])

ANSWER_SECONDS = Histogram(
    "cloister_answer_seconds",
    "Time from a question to its passages (retrieve), to the first word (first_token), to the end (total).",
    ["stage"],
    buckets=SECONDS,
)
ANSWERS = Counter("cloister_answers", "Questions by what became of them.", ["outcome"])
ANSWER_OUTCOMES: Final = ("answered", "abstained", "failed", "stopped")

INGEST_DOCUMENTS = Counter("cloister_ingest_documents", "Documents of jobs by what became of them.", ["outcome"])
INGEST_PAGES = Counter("cloister_ingest_pages", "Pages of documents that were taken in.")
INGEST_CHUNKS = Counter("cloister_ingest_chunks", "Chunks of documents that were taken in.")
INGEST_EMBEDDED = Counter("cloister_ingest_embedded_chunks", "Chunks that were embedded for it.")
STAGE_SECONDS = Histogram(
    "cloister_ingest_stage_seconds", "Time of a document in each stage of its way in.", ["stage"], buckets=SECONDS
)
STAGES: Final = ("read", "cut", "write", "index", "look", "publish")

EGRESS_REFUSALS = Counter("cloister_egress_refusals", "Connections that were refused.")
SIGN_IN_FAILURES = Counter("cloister_sign_in_failures", "Wrong passwords, and wrong keys or links.", ["kind"])
LOG_LINES_LOST = Counter("cloister_log_lines_lost", "Lines of the log that could not be written.")

# A rate over a series that is not there yet is nothing; over one that stands at 0 it is 0.
for _outcome in ANSWER_OUTCOMES:
    ANSWERS.labels(_outcome)
for _outcome in ("indexed", "unchanged", "failed", "cancelled"):
    INGEST_DOCUMENTS.labels(_outcome)
for _stage in STAGES:
    STAGE_SECONDS.labels(_stage)
for _stage in ("retrieve", "first_token", "total"):
    ANSWER_SECONDS.labels(_stage)
for _kind in ("password", "token"):
    SIGN_IN_FAILURES.labels(_kind)
