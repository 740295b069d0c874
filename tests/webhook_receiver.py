"""A program that is told of events, on this machine: it keeps what it was sent, and answers as the test says."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.local_server import QuietHandler, listening


@dataclass(frozen=True)
class Sent:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers`: a status for each request in turn, the last one for ever; 200 without any."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def answer(self) -> int:
        if not self.answers:
            return 200
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.sent.append(Sent(self.path, headers, body))
            self.send_response(receiver.answer())
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

    with listening(Handler) as port:
        receiver.url = f"http://127.0.0.1:{port}/told"
        yield receiver


def is_signed(sent: Sent, secret: str) -> bool:
    """The algorithm of docs/webhooks.md, written out."""
    id, timestamp = sent.headers["webhook-id"], sent.headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = hmac.new(key, id.encode() + b"." + timestamp.encode() + b"." + sent.body, hashlib.sha256).digest()
    given = [each.removeprefix("v1,") for each in sent.headers["webhook-signature"].split() if each.startswith("v1,")]
    return any(hmac.compare_digest(base64.b64decode(each), wanted) for each in given)
