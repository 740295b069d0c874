"""The chat page in a real Chromium, on a fake backend: from the sign-in link to an old chat taken up again."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.browser.chat_page import ask, enter_by_link
from tests.browser.chromium import Service, serving, take_picture
from tests.browser.fake_backend import TOKEN

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving("tests.browser.chat_groundwork_service", folder, ready="/seen") as service:
        yield service


@pytest.fixture(scope="module")
def asked_urls() -> list[str]:
    """Every address that the browser asked for something."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, service: Service, asked_urls: list[str]) -> Iterator[Page]:
    """One window for the whole story: signed in through the link, with one question asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(15_000)
    context.on("request", lambda request: asked_urls.append(request.url))
    page = context.new_page()
    link = f"{service.url}/welcome?token={TOKEN}"
    page.goto(link)
    take_picture(page, "chat-welcome")
    enter_by_link(page, link)
    expect(page.get_by_role("button", name="How long is parental leave?")).to_be_enabled()
    take_picture(page, "chat-start")
    yield page
    context.close()


@pytest.fixture(scope="module")
def answered(page: Page) -> Page:
    ask(page, "How long is parental leave?")
    expect(page.locator(".message-content h6")).to_have_text("Sources")
    return page


def _chip(page: Page, n: int) -> Locator:
    return page.locator(f'.message-content:has(h6) > * .element-link[data-n="{n}"]').first


def test_the_text_streams_in_before_the_answer_is_done(page: Page) -> None:
    ask(page, "Tell me everything")
    answer = page.locator(".ai-message .message-content").last
    expect(answer).to_contain_text("word 3")
    expect(answer).not_to_contain_text("word 150")


def test_stop_ends_the_answer_and_keeps_what_was_written(page: Page, service: Service) -> None:
    page.locator("#stop-button").click()
    answer = page.locator(".ai-message .message-content").last
    expect(answer).to_contain_text("Stopped. What was written so far is kept.")
    expect(answer).to_contain_text("word 3")
    assert httpx.get(f"{service.url}/seen").json()["cancelled"] is True


def test_an_answer_lists_its_sources(answered: Page) -> None:
    rows = answered.locator(".message-content h6 + ul > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("employee-handbook.pdf, page 3 — “Each parent may take parental leave")
    expect(rows.last).to_contain_text("not verified")
    take_picture(answered, "chat-answer")


def test_the_pane_stays_closed_until_a_chip_is_clicked(answered: Page) -> None:
    expect(answered.locator("#side-view-title")).to_have_count(0)


def test_a_chip_shows_its_quote(answered: Page) -> None:
    _chip(answered, 1).hover()
    shown = _chip(answered, 1).evaluate("chip => getComputedStyle(chip, '::after').content")
    assert "employee-handbook.pdf, page 3" in shown
    assert "26 weeks" in shown


def test_a_chip_opens_a_picture_of_the_page(answered: Page) -> None:
    _chip(answered, 1).click()
    pane = answered.locator(".side-text")
    picture = pane.get_by_role("img", name="employee-handbook.pdf, page 3, as a picture; highlighted: “Each parent may")
    expect(picture).to_have_js_property("naturalWidth", 1000)
    expect(pane.get_by_role("link", name="Open the whole file")).to_have_attribute(
        "href", "/api/v1/documents/handbook/file#page=3"
    )
    expect(answered.locator("#side-view-title")).to_have_attribute("data-place", "employee-handbook.pdf, page 3")
    take_picture(answered, "chat-page")


def test_whoever_may_not_add_documents_is_offered_pictures_only(answered: Page) -> None:
    accepted = answered.locator("#upload-button-input").get_attribute("accept") or ""
    assert {part.split("/")[0] for part in accepted.split(",") if "/" in part} == {"image"}


def test_a_chip_of_another_format_opens_the_passage_as_plain_text(answered: Page) -> None:
    _chip(answered, 2).click()
    pane = answered.locator(".side-text")
    expect(pane).to_contain_text("Requests go to")
    expect(pane).to_contain_text("![spy]")
    expect(pane.locator("img")).to_have_count(0)


def test_the_search_lists_its_passages(answered: Page) -> None:
    answered.get_by_role("button", name="Found 2 passages in 2 documents").last.click()
    quotations = answered.locator("[data-step-type=tool] blockquote")
    expect(quotations).to_have_count(2)
    take_picture(answered, "chat-passages")


def test_thumbs_are_stored(answered: Page, service: Service) -> None:
    answered.locator(".positive-feedback-off").last.click()
    answered.locator("[role=dialog] textarea").fill("Short and right")
    answered.locator("#submit-feedback").click()
    expect(answered.locator(".positive-feedback-on")).to_be_visible()
    assert service.rows("SELECT value, comment FROM feedbacks") == [(1, "Short and right")]


def test_the_chat_is_named_by_its_first_question(answered: Page, service: Service) -> None:
    assert service.rows("SELECT name FROM threads") == [("Tell me everything",)]


def test_after_a_reload_the_chat_is_there_and_goes_on(answered: Page, service: Service) -> None:
    answered.reload()
    expect(answered.locator(".message-content h6")).to_have_text("Sources")
    expect(answered.locator(".positive-feedback-on")).to_be_visible()
    expect(answered.locator("#side-view-title")).to_have_count(0)
    _chip(answered, 1).click()
    expect(answered.locator(".side-text img")).to_have_js_property("naturalWidth", 1000)
    _chip(answered, 2).click()
    expect(answered.locator(".side-text")).to_contain_text("Requests go to")
    ask(answered, "Where is the moon?")
    expect(answered.locator(".message-content").last).to_contain_text("I did not find this in your documents.")
    history = httpx.get(f"{service.url}/seen").json()["histories"][-1]
    assert ["user", "How long is parental leave?"] in history
    assert any(role == "assistant" and "26 weeks" in text and "Sources" not in text for role, text in history)


def test_errors_are_said_calmly(answered: Page) -> None:
    ask(answered, "Warm?")
    expect(answered.locator(".message-content").last).to_contain_text("warming up; this takes about a minute")
    ask(answered, "Fail?")
    expect(answered.locator(".message-content").last).to_contain_text("Your question is kept.")
    expect(answered.locator("#root")).not_to_contain_text("ZeroDivision")


def test_a_message_that_cannot_be_stored_is_not_lost_in_silence(answered: Page, service: Service) -> None:
    service.rows("ALTER TABLE steps RENAME TO away")
    try:
        ask(answered, "Warm?")
        expect(answered.locator("[data-sonner-toaster]")).to_contain_text("could not be stored")
    finally:
        service.rows("ALTER TABLE away RENAME TO steps")


def test_the_fonts_come_from_the_service(answered: Page) -> None:
    for font in ("Inter", "Source Serif 4"):
        assert answered.evaluate("name => document.fonts.check(`16px '${name}'`)", font)
    loaded = answered.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert {"Inter", "Source Serif 4"} <= {name.strip('"') for name in loaded}


def test_a_name_with_a_wrong_password_is_told_so(browser: Browser, service: Service) -> None:
    with browser.new_context(color_scheme="dark", locale="de-DE") as context:
        page = context.new_page()
        page.goto(f"{service.url}/login")
        page.fill("#email", "Ada")
        page.fill("#password", "not the password")
        page.keyboard.press("Enter")
        expect(page.locator("form")).to_contain_text("Name oder Passwort ist falsch")
        take_picture(page, "chat-login-dark")


def test_on_a_phone_the_evidence_fills_the_screen(answered: Page, browser: Browser) -> None:
    cookies = answered.context.storage_state()
    phone = ViewportSize(width=390, height=844)
    with browser.new_context(viewport=phone, has_touch=True, color_scheme="dark", storage_state=cookies) as context:
        page = context.new_page()
        page.goto(answered.url)
        expect(page.locator(".message-content h6")).to_be_visible()
        take_picture(page, "chat-phone")
        _chip(page, 1).tap()
        box = page.locator("[role=dialog]").bounding_box()
        assert box
        assert round(box["width"]) == phone["width"]
        assert page.evaluate("document.documentElement.scrollWidth") == phone["width"]
        expect(page.locator(".side-text img")).to_have_js_property("naturalWidth", 1000)
        take_picture(page, "chat-phone-page")


def test_the_browser_asked_no_other_host(answered: Page, service: Service, asked_urls: list[str]) -> None:
    """Stands last: it judges all that the window asked for."""
    hosts = {urlsplit(url).netloc for url in asked_urls if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(service.url).netloc}
