"""The log: one line for each thing that happened, as text or as JSON, and never a word of a document or a question.

Our own messages are written so that they hold none. What libraries say is not ours to promise: of their messages only
the part that stands in their code is written, and of an exception its kind and the places it passed, not its words.
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TextIO

from app.observe.labels import labels
from app.observe.metrics import LOG_LINES_LOST

OURS: Final = ("cloister", "app", "ingest")
# Its messages name addresses and signals; those that name paths with their queries are left out.
SERVERS: Final = ("uvicorn",)
WITHHELD: Final = "(its words are withheld: they may quote)"
MOST_FRAMES: Final = 12
LogFormat = Literal["text", "json"]


def set_up_logs(format: LogFormat, level: str, stream: TextIO | None = None) -> None:
    """Write all logs of this process to `stream` (stderr), ours from `level` on, those of libraries from warnings on.

    A second call takes the place of the first.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, LogHandler)]:
        root.removeHandler(handler)
    handler = LogHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    handler.addFilter(_without_queries)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    set_level(level)
    for name in SERVERS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_error


def set_level(level: str) -> None:
    """Our own loggers write from this level on."""
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


class LogHandler(logging.StreamHandler[TextIO]):
    """A line that cannot be written (the disk is full, the reader has gone) is counted, and stops nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the names are the library's
        """Count it."""
        LOG_LINES_LOST.inc()


class TextLines(logging.Formatter):
    """For people: time, level, logger, message, and the ids in brackets."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever stands in the message."""
        ids = " ".join(f"{name}={value}" for name, value in labels().items())
        line = f"{_time(record):%Y-%m-%d %H:%M:%S} {record.levelname} {record.name}: {_message(record)}"
        return _one_line(line + (f" [{ids}]" if ids else "") + _trouble(record))


class JsonLines(logging.Formatter):
    """For programs: an object with `at`, `level`, `logger`, `message`, the ids, and the fields of a request."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        said: dict[str, object] = {
            "at": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _one_line(_message(record)),
            **labels(),
            **getattr(record, "fields", {}),
        }
        if trouble := _trouble(record):
            said["error"] = trouble.strip()
        return json.dumps(said, ensure_ascii=False)


def describe_error(error: BaseException) -> str:
    """The kinds of an error and of what caused it, with the places that they passed; never their words."""
    kinds: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < MOST_FRAMES:
        kinds.append(type(seen).__name__)
        seen = seen.__cause__ or seen.__context__
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return f"{' from '.join(kinds)} at {', '.join(reversed(places)) or 'an unknown place'}"


def _message(record: logging.LogRecord) -> str:
    if _is_of(record, (*OURS, *SERVERS)):
        return record.getMessage()
    # Arguments, and words put together before, may quote; a template with arguments is part of the code.
    template = str(record.msg) if record.args and isinstance(record.msg, str) else WITHHELD
    return f"{template} ({Path(record.pathname).name}:{record.lineno})"


def _trouble(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return f" {describe_error(error)}" if error else ""


def _is_of(record: logging.LogRecord, names: tuple[str, ...]) -> bool:
    return record.name.partition(".")[0] in names


def _without_queries(record: logging.LogRecord) -> bool:
    """uvicorn notes each visit of a web socket with its whole address; our own line of the request has the route."""
    return not (_is_of(record, SERVERS) and "WebSocket" in str(record.msg))


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _one_line(text: str) -> str:
    return " | ".join(part.strip() for part in text.splitlines() if part.strip())


def _log_thread_error(failed: threading.ExceptHookArgs) -> None:
    """Python's own prints the words of the exception."""
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        name = failed.thread.name if failed.thread else "?"
        logging.getLogger("cloister").error("The thread %s ended: %s", name, describe_error(failed.exc_value))
