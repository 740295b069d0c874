"""What a document without a title of its own is called."""

from pathlib import PurePath


def title_from(name: str) -> str:
    """The title of a document that has none of its own: its file name without suffix."""
    return " ".join(PurePath(name).stem.split())
