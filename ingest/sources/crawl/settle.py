"""What a run comes to, page by page: decided on plain values, carried out by `ingest.site_runs`.

Only what is known to be gone is removed: 404 or 410, moved to a page that was read, or no part of the crawl any more.
A refusal, an error or a timeout says nothing about a page, and a crawl that finds suspiciously little says nothing
about any.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from app.db.crawls import FoundPage, StoredPage
from app.domain import ItemStatus, PageOutcome, PageState
from app.domain.crawls import REALLY_SHRANK

TAKEN_IN: Final = frozenset({PageOutcome.ADDED, PageOutcome.CHANGED, PageOutcome.UNCHANGED})
_READ: Final = frozenset({PageState.FETCHED, PageState.NOT_MODIFIED})


@dataclass(frozen=True, slots=True)
class CrawlFacts:
    """`is_whole`: the crawl came to its end. `is_delta`: what it did not find is as it was. `enough`: the part of the
    known pages, 0 to 1, that must still be there for any to be removed, unless a person `accepts_removals`.
    """

    is_whole: bool
    is_delta: bool
    accepts_removals: bool
    enough: float


@dataclass(slots=True)
class Settlement:
    """`outcomes`: what became of each address, with a note. `keep`: pages to remember. `remove`: documents by address.

    `error`: nothing could be read, and why.
    """

    outcomes: dict[str, tuple[PageOutcome, str]] = field(default_factory=dict)
    keep: list[FoundPage] = field(default_factory=list)
    remove: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def counts(self) -> Counter[PageOutcome]:
        """Addresses by outcome."""
        return Counter(outcome for outcome, _ in self.outcomes.values())


def settle(found: Sequence[FoundPage], known: Mapping[str, StoredPage], facts: CrawlFacts) -> Settlement:
    """Decide what becomes of every address that was found or known."""
    result = Settlement()
    by_url = {each.url: each for each in found}
    for each in found:
        result.outcomes[each.url] = _outcome(each, known.get(each.url))
        if result.outcomes[each.url][0] in TAKEN_IN:
            result.keep.append(_with_document(each, known.get(each.url)))
    result.keep += [each for each in found if _is_copy(each, result)]
    unseen = known.keys() - by_url.keys()
    if facts.is_delta:
        result.outcomes |= dict.fromkeys(unseen, (PageOutcome.UNCHANGED, ""))
    alive = sum(outcome in TAKEN_IN for outcome, _ in result.outcomes.values())
    if not alive and not facts.is_delta and facts.is_whole:
        result.error = _why_nothing(found)
    gone = _gone(known, by_url, result.outcomes)
    if not facts.is_delta:
        gone |= dict.fromkeys(unseen, "It does not belong to the crawl any more.")
    _remove(gone, known, alive, facts, result)
    _note_kept(known, by_url, result)
    return result


def _is_copy(page: FoundPage, result: Settlement) -> bool:
    """Whether it shows a page that was taken in, and the server can say whether it still does."""
    is_told = bool(page.page.etag or page.page.last_modified)
    outcome = result.outcomes.get(page.canonical_url, (None, ""))[0]
    return page.state is PageState.MOVED and page.text_hash == "" and is_told and outcome in TAKEN_IN


def _outcome(page: FoundPage, known: StoredPage | None) -> tuple[PageOutcome, str]:
    match page.state:
        case PageState.FETCHED:
            return _of_document(page)
        case PageState.NOT_MODIFIED:
            return PageOutcome.UNCHANGED, ""
        case PageState.MOVED:
            return PageOutcome.MOVED, ""
        case PageState.GONE:
            return PageOutcome.LEFT_OUT, "There is no such page."
        case PageState.LEFT_OUT:
            return PageOutcome.LEFT_OUT, page.note
        case PageState.REFUSED | PageState.FAILED:
            kept = " What was read before still answers." if known else ""
            return PageOutcome.FAILED, page.note + kept
        case _:
            assert_never(page.state)


def _of_document(page: FoundPage) -> tuple[PageOutcome, str]:
    match page.item:
        case None | ItemStatus.INDEXED:
            return page.outcome or PageOutcome.LEFT_OUT, page.note
        case ItemStatus.UNCHANGED:
            return PageOutcome.UNCHANGED, ""
        case ItemStatus.FAILED:
            return PageOutcome.FAILED, page.item_error or "It could not be taken in."
        case ItemStatus.CANCELLED | ItemStatus.QUEUED | ItemStatus.RUNNING:
            return PageOutcome.LEFT_OUT, "The run was stopped before it was taken in."
        case _:
            assert_never(page.item)


def _with_document(page: FoundPage, known: StoredPage | None) -> FoundPage:
    """What the server does not send again is as it was."""
    if page.state is not PageState.NOT_MODIFIED or known is None:
        return page
    kept = replace(
        known.page,
        etag=page.page.etag or known.page.etag,
        last_modified=page.page.last_modified or known.page.last_modified,
        lastmod=page.page.lastmod or known.page.lastmod,
    )
    return replace(page, document_id=known.document_id, text_hash=known.text_hash, page=kept)


def _gone(
    known: Mapping[str, StoredPage],
    by_url: Mapping[str, FoundPage],
    outcomes: Mapping[str, tuple[PageOutcome, str]],
) -> dict[str, str]:
    """Known pages that are no more, with the reason."""
    gone: dict[str, str] = {}
    for url in known.keys() & by_url.keys():
        page = by_url[url]
        if page.state is PageState.GONE:
            gone[url] = "The site says that there is no such page any more."
        elif page.state is PageState.MOVED:
            target = _target(page, by_url)
            if target and outcomes[target][0] in TAKEN_IN:
                gone[url] = f"It moved to {target}."
    return gone


def _target(page: FoundPage, by_url: Mapping[str, FoundPage]) -> str | None:
    """Where a moved page stands in the end; None where nothing was read there."""
    passed = {page.url}
    while page.state is PageState.MOVED and page.canonical_url not in passed:
        passed.add(page.canonical_url)
        following = by_url.get(page.canonical_url)
        if following is None:
            return None
        page = following
    return page.url if page.state in _READ else None


def _remove(
    gone: Mapping[str, str], known: Mapping[str, StoredPage], alive: int, facts: CrawlFacts, result: Settlement
) -> None:
    """Remove what is gone, or say why not."""
    if not gone:
        return
    why_not = ""
    if not facts.is_whole:
        why_not = "The crawl was stopped before its end"
    elif alive < facts.enough * len(known) and not facts.accepts_removals:
        why_not = f"Only {alive} of {len(known)} pages were found. {REALLY_SHRANK}"
    if why_not:
        result.notes.append(f"{why_not}; {_pages(len(gone))} that would have been removed {_were(len(gone))} kept.")
        result.outcomes |= {url: (PageOutcome.LEFT_OUT, f"{reason} It was kept.") for url, reason in gone.items()}
        return
    result.remove = {url: known[url].document_id for url in gone}
    result.outcomes |= {url: (PageOutcome.REMOVED, reason) for url, reason in gone.items()}


def _note_kept(known: Mapping[str, StoredPage], by_url: Mapping[str, FoundPage], result: Settlement) -> None:
    """Say how many known pages could not be looked at."""
    unread = [
        url
        for url in known.keys() & by_url.keys()
        if result.outcomes[url][0] in (PageOutcome.FAILED, PageOutcome.LEFT_OUT, PageOutcome.MOVED)
        and by_url[url].state is not PageState.GONE
        and not result.outcomes[url][1].endswith("It was kept.")
    ]
    if unread and not result.error:
        result.notes.append(
            f"{_pages(len(unread))} of earlier crawls could not be read this time and {_were(len(unread))} kept."
        )


def _why_nothing(found: Sequence[FoundPage]) -> str:
    reason = next((page.note for page in found if page.note), "there is no such page.")
    return f"Nothing could be read: {reason} Nothing was removed."


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number} pages"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
