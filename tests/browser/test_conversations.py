"""Conversations in a real Chromium: branched, pinned, exported, deleted; and two models side by side with a vote.

The tests tell one story in one window, in this order.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat_page import ask, sign_in
from tests.browser.chromium import serving, take_picture
from tests.browser.conversations_service import READER
from tests.two_models import OTHER

pytestmark = pytest.mark.browser

QUESTION = "How many days of leave does every parent receive?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("tests.browser.conversations_service", tmp_path_factory.mktemp("service")) as service:
        yield service.url


@pytest.fixture(scope="module")
def page(url: str, browser: Browser) -> Iterator[Page]:
    """One window, signed in, with a question that was answered; what it asks of other hosts ends the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", base_url=url)
    context.set_default_timeout(20_000)
    page = context.new_page()
    foreign: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(url) else foreign.append(request.url))
    sign_in(page, url, READER)
    ask(page, QUESTION)
    expect(_answers(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("/thread/"))
    yield page
    context.close()
    assert [each for each in foreign if not each.startswith(("data:", "blob:"))] == []


def _answers(page: Page) -> Locator:
    return page.get_by_role("button", name="Branch from here")


def _menu(page: Page, entry: str) -> Locator:
    page.get_by_role("button", name="This conversation").click()
    return page.locator("#conversation-menu").get_by_text(entry, exact=True)


def _conversations(page: Page) -> list[dict[str, object]]:
    return list(page.request.get("/api/v1/conversations").json())


def test_a_pinned_conversation_stands_above_the_others(page: Page) -> None:
    _menu(page, "Pin").click()
    pinned = page.get_by_role("region", name="Pinned")
    expect(pinned.get_by_role("link")).to_have_text([QUESTION])
    expect(page.locator("#thread-history > :first-child")).to_have_id("pinned-conversations")
    page.reload()
    expect(pinned.get_by_role("link")).to_have_text([QUESTION])


def test_a_branch_goes_on_by_itself(page: Page) -> None:
    old = page.url
    ask(page, "How long is the notice period for leave?")
    expect(_answers(page)).to_have_count(2)
    _answers(page).first.click()
    expect(page).not_to_have_url(old)
    expect(_answers(page)).to_have_count(1)
    expect(page.locator("[data-step-type=user_message]")).to_have_count(1)
    ask(page, "And of notice, how many weeks of leave?")
    expect(_answers(page)).to_have_count(2)
    assert {each["name"] for each in _conversations(page)} == {QUESTION, f"{QUESTION} (branch)"}


def test_the_chip_of_a_copied_answer_opens_its_passage(page: Page) -> None:
    page.reload()
    page.locator(".message-content .element-link").first.click()
    expect(page.locator("#side-view-content")).to_contain_text("Every parent receives 70 days of leave.")


def test_editing_says_what_will_be_gone(page: Page) -> None:
    question = page.locator("[data-step-type=user_message]").first
    question.hover()
    question.get_by_role("button", name="Edit the question").click()
    hint = page.locator("[data-edit-hint]")
    expect(hint).to_have_attribute("data-edit-hint", re.compile("will be removed.*Branch from here"))
    page.locator("#edit-chat-input").press("Escape")


def test_a_conversation_is_exported_as_markdown_and_json(page: Page) -> None:
    with page.expect_download() as markdown:
        _menu(page, "Export as Markdown").click()
    text = Path(markdown.value.path()).read_text()
    assert markdown.value.suggested_filename.endswith(".md")
    assert f"## {READER} — " in text
    assert "Every parent receives 70 days of leave. [1]" in text
    assert "“Every parent receives 70 days of leave.”" in text
    with page.expect_download() as exported:
        _menu(page, "Export as JSON").click()
    conversation = json.loads(Path(exported.value.path()).read_text())
    given = next(entry for entry in conversation["entries"] if entry["kind"] == "answer")
    assert given["sources"][0]["quote"] == "Every parent receives 70 days of leave."


def test_the_other_conversation_stays_when_one_is_deleted(page: Page) -> None:
    thread_id = page.url.rsplit("/", 1)[1]
    row = page.locator(f"#thread-{thread_id}")
    row.hover()
    row.locator("#thread-options").click()
    page.locator("#delete-thread").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Confirm").click()
    expect(row).to_have_count(0)
    assert [each["name"] for each in _conversations(page)] == [QUESTION]
    page.get_by_role("region", name="Pinned").get_by_role("link").click()
    expect(_answers(page)).to_have_count(2)


def test_two_models_are_compared_and_named_after_the_vote(page: Page) -> None:
    page.get_by_role("button", name="Compare with another model").first.click()
    expect(page).to_have_url(re.compile("/compare/[0-9a-f]+$"))
    expect(page.locator(".asked")).to_have_text(QUESTION)
    expect(page.locator(".answer-prose[aria-busy=false]")).to_have_count(2)
    expect(page.locator(".answer-prose strong")).to_have_text(["70 days"])
    assert OTHER not in page.content()
    page.get_by_role("button", name="Both are good").click()
    expect(page.locator("#verdict")).to_contain_text("Your vote is counted.")
    expect(page.locator("#verdict dd")).to_contain_text([re.compile("model", re.IGNORECASE)] * 2)
    take_picture(page, "compare")
    assert OTHER in page.content()


def test_all_conversations_are_exported_and_deleted_from_the_account(page: Page) -> None:
    page.goto("/account")
    with page.expect_download() as packed:
        page.get_by_role("link", name="Export all (ZIP)").click()
    assert packed.value.suggested_filename.endswith(".zip")
    page.get_by_role("button", name="Delete all", exact=True).click()
    page.get_by_role("button", name="Delete all conversations").click()
    expect(page.get_by_role("status")).to_have_text("1 conversation was deleted.")
    assert _conversations(page) == []
