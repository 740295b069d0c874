"""A child of the sandbox that does what a file's first word says: hang, crash, lie …; other files it parses.

The parsers have no input that hangs or crashes them (that would be a bug to mend), and a child that lies cannot be had
by any input. So a sandbox can be given another module to run; everything but the parsing is the real thing.
"""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from app.domain import Attachment, Page, ParsedDocument
from app.errors import EngineUnavailable
from ingest.parse.dispatch import parse
from ingest.parse.options import ParseOptions, Report
from ingest.sandbox.child import serve
from ingest.sandbox.wire import HEADER, Kind, frame

# Later on the standard output leads nowhere.
ANSWERS = os.dup(1)
SECRET = "what the document says"
LEFT_OVER: list[bytes] = []


def obey(path: Path, name: str, options: ParseOptions, report: Report) -> ParsedDocument:
    words = path.read_text(errors="replace").split()
    match words[:2]:
        case ["hang", *_]:
            re.match("(a+)+$", "a" * 64 + "b")  # for ever, and it lets no other thread run
        case ["wait", note]:
            helper = subprocess.Popen(["sleep", "600"])
            _write_down(Path(note), f"{os.getpid()} {helper.pid}")
            time.sleep(600)
        case ["eat", *_]:
            while True:
                LEFT_OVER.append(b"\1" * (20 << 20))
        case ["eat-at-once", *_]:
            LEFT_OVER.append(b"\1" * (1 << 40))
        case ["let-eat", *_]:
            eat = "import time; eaten = bytearray(b'1') * (700 << 20); time.sleep(600)"
            subprocess.run([sys.executable, "-c", eat], check=False)
        case ["keep", mib]:
            LEFT_OVER.append(b"\1" * (int(mib) << 20))
        case ["crash", *_]:
            os.kill(os.getpid(), signal.SIGSEGV)
        case ["crash-when-used", note]:
            if not Path(note).exists():
                Path(note).touch()
                os.kill(os.getpid(), signal.SIGSEGV)
        case ["leave", *_]:
            os._exit(7)
        case ["raise", *_]:
            raise KeyError(SECRET)
        case ["no-engine", *_]:
            raise EngineUnavailable("Tesseract is not installed; install it.")
        case ["print", *_]:
            print(SECRET)
            os.write(1, SECRET.encode())
            os.write(2, SECRET.encode())
        case ["count", *_]:
            for number in range(5):
                report(number, 5)
        case ["outside", where]:
            return _with_attachment(Path(where))
        case ["link", where]:
            link = options.workspace / "link"
            link.symlink_to(where)
            return _with_attachment(link)
        case ["up", *_]:
            return _with_attachment(options.workspace / ".." / ".." / "other")
        case ["garbage", *_]:
            os.write(ANSWERS, b"\xff" * 64)
        case ["endless", *_]:
            os.write(ANSWERS, HEADER.pack(Kind.DOCUMENT, 2**32 - 1))
        case ["chatter", *_]:
            failure = json.dumps({"error": SECRET, "place": SECRET}).encode()
            os.write(ANSWERS, frame(Kind.FAILED, failure))
        case ["nonsense", *_]:
            os.write(ANSWERS, frame(Kind.DOCUMENT, b'{"text": 1}'))
        case ["pickle", *_]:
            os.write(ANSWERS, frame(Kind.DOCUMENT, b"cos\nsystem\n(S'true'\ntR."))
        case ["unasked", *_]:
            answer = json.dumps({"text": "not yours", "media_type": "text/plain"}).encode()
            os.write(ANSWERS, frame(Kind.DOCUMENT, answer) * 2)
        case ["call-home", *_]:
            socket.create_connection(("collector.example.com", 443))
        case ["lie-about-calls", *_]:
            os.write(ANSWERS, frame(Kind.TRIED, b'{"host": "x", "port": -1, "asked_by": "y"}'))
        case ["look-around", *_]:
            return ParsedDocument(json.dumps(_surroundings(options)), "application/json")
    return parse(path, name, options, report)


def _write_down(note: Path, text: str) -> None:
    note.with_suffix(".new").write_text(text)
    note.with_suffix(".new").rename(note)


def _with_attachment(path: Path) -> ParsedDocument:
    return ParsedDocument("text", "text/plain", pages=(Page(1, 0, 4),), attachments=(Attachment("a", path),))


def _surroundings(options: ParseOptions) -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "files": [str(file.resolve()) for file in Path("/proc/self/fd").iterdir()],
        "folder": str(Path.cwd()),
        "niceness": os.nice(0),
        "group": os.getpgrp(),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "passwords": options.passwords,
        "depth": options.depth,
        "first on the path": sys.path[0],
    }


if __name__ == "__main__":
    serve(lambda: obey)
