"""What a crawl finds."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PageState(StrEnum):
    """What became of one address."""

    FETCHED = "fetched"
    """Read; `markdown` or `content` holds what it says."""
    NOT_MODIFIED = "not_modified"
    """The server says that it is as it was (304)."""
    MOVED = "moved"
    """Another address says the same: a redirect or a canonical link led there."""
    GONE = "gone"
    """404 or 410."""
    REFUSED = "refused"
    """Not for us: 401, 403, or robots.txt forbids it."""
    FAILED = "failed"
    """Anything else: `note` says what."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """What an earlier crawl kept of a page, so that it need not be sent again."""

    etag: str = ""
    last_modified: str = ""
    links: tuple[str, ...] = ()


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
    bytes_read: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class CrawlEnd:
    """How a crawl ended. `left_out`: addresses beyond the limits of depth and number, which were not asked."""

    requests: int
    left_out: int
    is_cancelled: bool
