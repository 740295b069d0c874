"""Refused attempts on their way from whoever refused them to the one who writes them down."""

import sys
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from types import FrameType
from typing import Final

OURS: Final = frozenset({"app", "ingest"})
OUR_GATE: Final = "app.egress"
# What carries somebody else's requests.
CARRIERS: Final = frozenset(
    "httpx httpcore anyio sniffio h11 h2 urllib3 requests aiohttp aiohappyeyeballs websockets certifi tenacity".split()  # noqa: SIM905 - reads as the list that it is
)
# A library that tries again and again must not fill the memory of a process that writes nothing down.
MOST_WAITING: Final = 10_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """`port`: 0 where only a name was looked up. `asked_by`: our module and the library that it called."""

    host: str
    port: int
    asked_by: str


# A queue that may be put to from anywhere, a signal handler and the collector of garbage included.
ATTEMPTS: Final[SimpleQueue[Attempt | None]] = SimpleQueue()


def tell(attempt: Attempt) -> None:
    """Let it be written down, some time later and by another thread."""
    if ATTEMPTS.qsize() < MOST_WAITING:
        ATTEMPTS.put(attempt)


def find_asker() -> str:
    """Who is asking: our module → the library that it called, or the thread where neither is on the stack."""
    library, frame = "", _present_frame()
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        package = module.partition(".")[0]
        if package in OURS and not module.startswith(OUR_GATE):
            return f"{module} → {library}" if library else module
        if not library and package not in CARRIERS | OURS and package not in sys.stdlib_module_names:
            library = package
        frame = frame.f_back
    return library or f"thread {threading.current_thread().name}"


def _present_frame() -> FrameType | None:
    return sys._getframe(1)
