"""Results of a web search, and how what was read on the web is told from documents."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

_WEB: Final = "web:"


@dataclass(frozen=True, slots=True)
class WebHit:
    """One result. `snippet` is the engine's own excerpt, as plain text."""

    url: str
    title: str = field(repr=False)
    snippet: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class WebResults:
    """The results of a search, best first. `silent`: engines that the search engine asked and that did not answer."""

    hits: tuple[WebHit, ...] = ()
    silent: tuple[str, ...] = ()


def web_document_id(url: str) -> str:
    """What stands in a passage's `document_id` for a page of the web: no document of any knowledge base."""
    return f"{_WEB}{hashlib.blake2b(url.encode(), digest_size=16).hexdigest()}"


def is_web_id(document_id: str) -> bool:
    """Whether this names a page of the web and no document."""
    return document_id.startswith(_WEB)
