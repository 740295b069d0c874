"""`cloister serve` with an embedder that is there at once: the process, its signals and its log are the real ones."""

import sys

from app import bootstrap
from app.cli import cli
from tests.fakes import WordHashEmbedder

if __name__ == "__main__":
    bootstrap._build_embedder = lambda _settings: WordHashEmbedder()
    sys.argv = ["cloister", "serve"]
    cli()
