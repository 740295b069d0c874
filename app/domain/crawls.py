"""What a crawl finds, and what is kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

# How a run says that a person may let it remove what seems to be gone.
REALLY_SHRANK: Final = "If the site really shrank, run it again and accept that"


class PageState(StrEnum):
    """What became of one address."""

    FETCHED = "fetched"
    """Read; `markdown` or `content` holds what it says."""
    NOT_MODIFIED = "not_modified"
    """The server says that it is as it was (304, or the same date in its sitemap)."""
    MOVED = "moved"
    """Another address says the same: a redirect or a canonical link led there."""
    GONE = "gone"
    """404 or 410, or deleted by the wiki's own account."""
    REFUSED = "refused"
    """Not for us: 401, 403, or a page that asks to sign in."""
    LEFT_OUT = "left_out"
    """Nothing that we take in: robots.txt forbids it, it is an image or a program, it moved out of the crawl."""
    FAILED = "failed"
    """Anything else: `note` says what."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """What an earlier crawl kept of a page, so that it need not be sent again.

    `lastmod` is what the sitemap said of it. `links`: those that belong to the crawl. `copy_of`: the page that it was a
    copy of; empty for a page of its own.
    """

    etag: str = ""
    last_modified: str = ""
    lastmod: str = ""
    links: tuple[str, ...] = ()
    copy_of: str = ""
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CrawlMemory:
    """What is known when a crawl begins.

    `known`: what earlier crawls kept, by canonical address. `finished`: the links of addresses that this crawl was done
    with before it was interrupted. `checkpoint`: where the last complete crawl ended, in words of the crawler's own.
    """

    known: Mapping[str, KnownPage] = field(default_factory=dict)
    finished: Mapping[str, Sequence[str]] = field(default_factory=dict)
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class CrawledPage:
    """One address of a crawl.

    `url` is what was asked, `final_url` what answered in the end, `canonical_url` what the page calls itself (else the
    final one); all folded. `status`: of the last answer, 0 without any. `content` holds files that are no HTML, as they
    came; `links` those that belong to the crawl. `bytes_read`: of the answer, unpacked.
    """

    url: str
    state: PageState
    fetched_at: datetime
    final_url: str = ""
    canonical_url: str = ""
    status: int = 0
    title: str = ""
    language: str = ""
    markdown: str = ""
    content: bytes = field(default=b"", repr=False)
    media_type: str = ""
    links: tuple[str, ...] = ()
    etag: str = ""
    last_modified: str = ""
    lastmod: str = ""
    bytes_read: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class CrawlEnd:
    """How a crawl ended.

    `left_out`: addresses beyond the limits of depth and number, which were not asked. `is_delta`: pages that were not
    told are as they were. `checkpoint`: for the next crawl's memory.
    """

    requests: int
    left_out: int
    is_cancelled: bool
    is_delta: bool = False
    checkpoint: str = ""


class PageOutcome(StrEnum):
    """What a run made of one address."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    FAILED = "failed"
    MOVED = "moved"
    """Another address says the same; this one is no document of its own."""
    LEFT_OUT = "left_out"


class RunState(StrEnum):
    """Where a run stands. A run with failed pages is still done."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RunPage:
    """One address of a run. `has_diff`: its text changed, and how can be read."""

    url: str
    outcome: PageOutcome
    title: str
    status: int
    note: str
    document_id: str | None
    has_diff: bool


@dataclass(frozen=True, slots=True)
class CrawlRun:
    """One visit of a site: what it found, and what that cost.

    `pages` counts addresses by outcome, all of them present. `seconds`: until now where it runs. `notes` say what was
    out of the ordinary, each in a sentence.
    """

    id: str
    source_id: str
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    pages: Mapping[PageOutcome, int]
    requests: int
    bytes_read: int
    left_out: int
    embedded_chunks: int
    seconds: float
    notes: tuple[str, ...]
    error: str | None

    @property
    def kept_too_much(self) -> bool:
        """Whether so little of the site was found that nothing was removed."""
        return any(REALLY_SHRANK in note for note in self.notes)
