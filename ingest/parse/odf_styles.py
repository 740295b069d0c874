"""What an OpenDocument paragraph or list is: styles resolved through the ones they are based on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ingest.parse.odf_names import tag

HEADING_STYLE = re.compile(r"Heading_20_(\d)")


class Styles:
    """Styles by name; those of the content come after, and win over, those of the styles file."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self._styles = _by_name(roots, "style", "style")
        self._lists = _by_name(roots, "text", "list-style")

    def heading_level(self, style_name: str | None) -> int:
        """1 to 6 for a title or a heading by style, 0 for anything else."""
        for name in self._chain(style_name):
            if name == "Title":
                return 1
            if name == "Subtitle":
                return 2
            if found := HEADING_STYLE.fullmatch(name):
                return min(max(int(found.group(1)), 1), 6)
        return 0

    def is_code(self, style_name: str | None) -> bool:
        """Whether a paragraph is preformatted."""
        return any(name.startswith(("Preformatted_20_Text", "Source_20_")) for name in self._chain(style_name))

    def list_start(self, style_name: str | None, depth: int) -> int | None:
        """The first number of a numbered list at this 0-based depth; None for a list with bullets."""
        style = self._lists.get(style_name or "")
        if style is None:
            return None
        for level in style.iterchildren(tag("text", "list-level-style-number")):
            if level.get(tag("text", "level")) == str(depth + 1) and level.get(tag("style", "num-format")):
                return int(level.get(tag("text", "start-value")) or 1)
        return None

    def _chain(self, name: str | None) -> Iterator[str]:
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            yield name
            style = self._styles.get(name)
            name = None if style is None else style.get(tag("style", "parent-style-name"))


def _by_name(roots: Iterable[Any], prefix: str, local: str) -> dict[str, Any]:
    name = tag("style", "name")
    return {element.get(name): element for root in roots for element in root.iter(tag(prefix, local))}
