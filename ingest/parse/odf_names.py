"""The namespaces of OpenDocument."""

from typing import Final

OASIS: Final = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES: Final = {
    **{prefix: f"{OASIS}{prefix}:1.0" for prefix in ("office", "text", "table", "style", "presentation", "meta")},
    "draw": f"{OASIS}drawing:1.0",
    "svg": f"{OASIS}svg-compatible:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def tag(prefix: str, local: str) -> str:
    """The full name of an element or attribute."""
    return f"{{{NAMES[prefix]}}}{local}"
