"""The engines alone: `python -m bench.bare_engines SHARD` loads the three and asks each one thing."""

import sys

import qdrant_edge

from app.settings import load_settings
from bench.bare import BareEmbedder
from bench.first_token import opened_llama


def main(shard_folder: str) -> None:
    """Load and ask; the caller takes the time."""
    settings = load_settings()
    BareEmbedder(settings.embedder).encode(["ready?"])
    shard = qdrant_edge.EdgeShard.load(shard_folder)
    shard.count(qdrant_edge.CountRequest(exact=True))
    with opened_llama(settings.generator):
        shard.close()


if __name__ == "__main__":
    main(sys.argv[1])
