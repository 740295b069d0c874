"""What a run comes to, on plain values: nothing is removed that is not known to be gone."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.db.crawls import FoundPage, StoredPage
from app.domain import ItemStatus, KnownPage, PageOutcome, PageState
from ingest.sources.crawl.settle import TAKEN_IN, CrawlFacts, Settlement, settle

URLS = [f"https://wiki.example/{letter}" for letter in "abcdef"]
WHOLE = CrawlFacts(is_whole=True, is_delta=False, accepts_removals=False, enough=0.5)


@st.composite
def found_pages(draw: st.DrawFn) -> list[FoundPage]:
    """What a crawl may say of some addresses."""
    pages = []
    for url in draw(st.lists(st.sampled_from(URLS), unique=True)):
        state = draw(st.sampled_from(PageState))
        is_item = state is PageState.FETCHED and draw(st.booleans())
        pages.append(
            FoundPage(
                url=url,
                state=state,
                outcome=draw(st.sampled_from([PageOutcome.ADDED, PageOutcome.CHANGED, PageOutcome.UNCHANGED])),
                canonical_url=draw(st.sampled_from(URLS)) if state is PageState.MOVED else url,
                note="",
                document_id=url,
                text_hash="1",
                page=KnownPage(),
                fetched_at=datetime.now(UTC),
                item=draw(st.sampled_from(ItemStatus)) if is_item else None,
                item_error=None,
            )
        )
    return pages


known_pages = st.sets(st.sampled_from(URLS)).map(lambda urls: {url: StoredPage(url, "1", KnownPage()) for url in urls})
facts = st.builds(CrawlFacts, st.booleans(), st.booleans(), st.booleans(), st.floats(0, 1))


@given(found_pages(), known_pages, facts)
def test_only_what_is_known_to_be_gone_is_removed(
    found: list[FoundPage], known: dict[str, StoredPage], facts: CrawlFacts
) -> None:
    result = settle(found, known, facts)
    state_by_url = {page.url: page.state for page in found}
    for url in result.remove:
        assert url in known
        assert state_by_url.get(url) in (PageState.GONE, PageState.MOVED, None)
        assert not (facts.is_delta and url not in state_by_url)
    assert facts.is_whole or not result.remove
    assert not set(result.remove) & {page.url for page in result.keep if page.document_id and page.state != "moved"}


@given(found_pages(), known_pages, facts)
def test_every_address_has_one_outcome_and_what_is_removed_or_taken_in_says_so(
    found: list[FoundPage], known: dict[str, StoredPage], facts: CrawlFacts
) -> None:
    result = settle(found, known, facts)
    assert {page.url for page in found} <= result.outcomes.keys() <= {page.url for page in found} | known.keys()
    assert {url for url, (outcome, _) in result.outcomes.items() if outcome is PageOutcome.REMOVED} == set(
        result.remove
    )
    assert sum(result.counts.values()) == len(result.outcomes)


@given(found_pages(), known_pages, st.floats(0, 1))
def test_a_crawl_that_finds_too_little_removes_nothing_and_says_so(
    found: list[FoundPage], known: dict[str, StoredPage], enough: float
) -> None:
    result = settle(found, known, CrawlFacts(is_whole=True, is_delta=False, accepts_removals=False, enough=enough))
    alive = sum(outcome in TAKEN_IN for outcome, _ in result.outcomes.values())
    if result.remove:
        assert alive >= enough * len(known)
    elif alive < enough * len(known):
        assert result.notes or result.error


def moved(url: str, to: str) -> FoundPage:
    return page(url, PageState.MOVED, canonical=to)


def page(url: str, state: PageState = PageState.FETCHED, canonical: str = "") -> FoundPage:
    now = datetime.now(UTC)
    return FoundPage(url, state, PageOutcome.ADDED, canonical or url, "", None, "", KnownPage('"1"'), now, None, None)


def settle_whole(*found: FoundPage, known: tuple[str, ...]) -> Settlement:
    return settle(list(found), {url: StoredPage(url, "1", KnownPage()) for url in known}, WHOLE)


def test_a_page_that_moved_on_and_on_is_removed_when_its_last_place_was_read() -> None:
    a, b, c, *_ = URLS
    assert settle_whole(moved(a, b), moved(b, c), page(c), known=(a,)).remove == {a: a}


def test_a_page_that_moved_in_a_circle_or_to_where_nothing_was_read_is_kept() -> None:
    a, b, c, *_ = URLS
    assert not settle_whole(moved(a, b), moved(b, a), page(c), known=(a,)).remove
    assert not settle_whole(moved(a, b), page(b, PageState.FAILED), page(c), known=(a,)).remove


def test_a_copy_is_remembered_beside_the_page_that_it_shows() -> None:
    a, b, *_ = URLS
    assert [each.url for each in settle_whole(moved(a, b), page(b), known=()).keep] == [b, a]
