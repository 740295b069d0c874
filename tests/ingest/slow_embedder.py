"""An embedder that waits until it is told to go on, so that a test can look at a job in the middle of its work."""

import threading
from collections.abc import Sequence

from app.ports import Vectors
from tests.fakes import WordHashEmbedder

PATIENCE_S = 30


class WaitingEmbedder(WordHashEmbedder):
    """Embeds nothing before `go` is set; `is_asked` says that it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.go = threading.Event(), threading.Event()

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:
        self.is_asked.set()
        assert self.go.wait(PATIENCE_S), "nobody let the embedder go on"
        return super().embed_documents(texts)
