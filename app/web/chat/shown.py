"""What a reader is shown of documents for one answer, as values. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any, Final

from app.domain import Citation, Passage, ShownPassage
from app.domain.conversations import Source
from app.domain.web import is_web_id
from app.web.chat.markup import shorten, unlinked
from app.web.chat.memo import EXCERPT_LENGTH

QUOTE_LENGTH: Final = 600


def list_shown(passages: Sequence[Passage], citations: Sequence[Citation]) -> list[ShownPassage]:
    """The quotes of the citations, then the beginnings of the passages that were found and not cited.

    What was read on the web is in no document.
    """
    cited = {citation.n for citation in citations}
    quoted = (
        ShownPassage(each.document_id, each.document, each.page, shorten(unlinked(each.quote), QUOTE_LENGTH), True)
        for each in citations
        if not is_web_id(each.document_id)
    )
    found = (
        ShownPassage(each.document_id, each.document, each.page, _beginning(each), False)
        for each in passages
        if each.rank not in cited and not each.is_web
    )
    return list(dict.fromkeys(chain(quoted, found)))


def list_quoted(quoted: Iterable[Passage | Citation], others: Iterable[str] = ()) -> list[str]:
    """The documents whose words a message holds, and `others`; pages of the web are no documents."""
    return sorted({*(each.document_id for each in quoted if not is_web_id(each.document_id)), *others})


def list_sources(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """What an answer cites, as its message keeps it: the fields of `Source`."""
    return [
        asdict(Source(c.n, c.document_id, c.document, c.page, c.quote, c.start, c.end, c.verified, c.url))
        for c in citations
    ]


def _beginning(passage: Passage) -> str:
    return shorten(unlinked(passage.full_text), EXCERPT_LENGTH)
