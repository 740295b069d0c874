"""The first minutes with Cloister, as the README tells them: the real service, its sample documents, a real browser."""

import sqlite3
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from app.web.chat.sample_questions import SAMPLE_QUESTIONS
from tests.browser.chat_page import ask, enter_by_link
from tests.browser.chromium import require_chromium, take_picture
from tests.running_service import RunningService, serve

pytestmark = pytest.mark.browser

QUESTION = "How many days of parental leave does the handbook give?"
# What the answer's text was at each change, noted by the page itself.
NOTE_CHANGES = """
window.seen = [];
new MutationObserver(() => {
  const text = [...document.querySelectorAll(".ai-message .message-content")].at(-1)?.textContent;
  if (text && text !== window.seen.at(-1)) window.seen.push(text);
}).observe(document, { childList: true, characterData: true, subtree: true });
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    require_chromium()
    with serve(tmp_path_factory.mktemp("first") / "data", CLOISTER_INGEST__SAMPLES="sample_docs") as service:
        yield service


@pytest.fixture(scope="module")
def asked_urls() -> list[str]:
    """Every address that the browser asked for something."""
    return []


@pytest.fixture(scope="module")
def page(service: RunningService, browser: Browser, asked_urls: list[str]) -> Iterator[Page]:
    """One window for the whole story: signed in through the one-time link that the service printed."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(30_000)
    context.on("request", lambda request: asked_urls.append(request.url))
    page = context.new_page()
    page.add_init_script(NOTE_CHANGES)
    enter_by_link(page, service.welcome_url)
    yield page
    context.close()


@pytest.fixture(scope="module")
def answered(page: Page, service: RunningService) -> Page:
    _wait_for_samples(service)
    ask(page, QUESTION)
    expect(page.locator(".message-content h6")).to_have_text("Sources", timeout=90_000)
    return page


def test_the_chat_page_offers_questions_about_the_samples(page: Page) -> None:
    for starter in SAMPLE_QUESTIONS:
        expect(page.get_by_role("button", name=starter.label)).to_be_visible()
    take_picture(page, "first-start")


def test_the_answer_is_seen_being_written(answered: Page) -> None:
    seen = answered.evaluate("window.seen")
    assert len(seen) > 2, seen


def test_the_answer_cites_the_handbook(answered: Page) -> None:
    expect(answered.locator(".ai-message .message-content").last).to_contain_text("70")
    sources = answered.locator(".message-content h6 + ul > li")
    expect(sources.first).to_contain_text("employee-handbook.pdf, page 11")
    expect(answered.locator(".element-link[data-doubt]")).to_have_count(0)
    take_picture(answered, "first-answer")


def test_a_chip_opens_the_cited_page_beside_the_answer(answered: Page) -> None:
    answered.locator(".message-content h6 + ul > li .element-link").first.click()
    picture = answered.get_by_role("img", name="employee-handbook.pdf, page 11, as a picture; highlighted")
    expect(picture).to_have_js_property("naturalWidth", 1000)
    assert "70" in (picture.get_attribute("alt") or "")
    expect(answered.locator("#side-view-title")).to_have_attribute("data-place", "employee-handbook.pdf, page 11")
    take_picture(answered, "first-cited-page")


def test_a_thumb_up_is_stored(answered: Page, service: RunningService) -> None:
    answered.locator(".positive-feedback-off").last.click()
    answered.locator("#submit-feedback").click()
    expect(answered.locator(".positive-feedback-on")).to_be_visible()
    with sqlite3.connect(service.cloister.data_dir / "cloister.sqlite") as connection:
        assert connection.execute("SELECT value FROM feedbacks").fetchall() == [(1,)]


def test_after_a_reload_the_chat_is_in_the_side_bar(answered: Page) -> None:
    answered.goto(answered.url.split("/thread/")[0])
    answered.get_by_role("link", name=QUESTION[:20]).click()
    expect(answered.locator(".message-content h6")).to_have_text("Sources")
    take_picture(answered, "first-taken-up")


def test_the_link_works_once(answered: Page, service: RunningService) -> None:
    second = answered.context.new_page()
    second.goto(service.welcome_url)
    expect(second.locator("h1")).to_have_text("This link does not work any more")
    second.close()


def test_the_browser_asked_no_other_host(answered: Page, service: RunningService, asked_urls: list[str]) -> None:
    """Stands last: it judges all that the window asked for."""
    hosts = {urlsplit(url).netloc for url in asked_urls if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(service.url).netloc}


def _wait_for_samples(service: RunningService) -> None:
    with service.client() as client:
        for _ in range(300):
            jobs = client.get("/jobs").json()
            if jobs and jobs[0]["state"] == "done":
                return
            time.sleep(0.5)
    pytest.fail("the samples are not in after 150 s")
