"""An answer full of tricks in a real Chromium: nothing is asked of another host, and every link says where it leads."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat_page import ask, enter_by_link
from tests.browser.chromium import serving, take_picture
from tests.browser.fake_backend import TOKEN

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("tests.browser.hostile_answers_service", tmp_path_factory.mktemp("service")) as service:
        yield service.url


@pytest.fixture(scope="module")
def seen(url: str, browser: Browser) -> Iterator[tuple[Page, list[str], list[str]]]:
    """A window in which both hostile answers were shown, all hosts that it asked for, and what its console said."""
    context = browser.new_context(viewport={"width": 1280, "height": 1800}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(20_000)
    page = context.new_page()
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: refused.append(message.text))
    enter_by_link(page, f"{url}/welcome?token={TOKEN}")
    for n, question in enumerate(("Tricks in pieces?", "Raw tricks?"), start=1):
        ask(page, question)
        expect(page.get_by_text("The end of the tricks.")).to_have_count(n, timeout=20_000)
        expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    yield page, asked, refused
    context.close()


def test_the_browser_asks_no_other_host(seen: tuple[Page, list[str], list[str]], url: str) -> None:
    page, asked, refused = seen
    page.wait_for_load_state("networkidle")
    hosts = {urlsplit(each).netloc for each in asked if urlsplit(each).scheme in ("http", "https", "ws", "wss")}
    assert hosts == {urlsplit(url).netloc}
    # The second wall had nothing to do either.
    assert [line for line in refused if "evil.invalid" in line] == []


def test_every_link_of_the_answer_says_its_host_and_leads_nowhere_else(
    seen: tuple[Page, list[str], list[str]], url: str
) -> None:
    page, _, _ = seen
    for answer in page.locator("[data-step-type=assistant_message] .message-content").all():
        links = answer.locator("a[href]").evaluate_all(
            "links => links.map(a => [a.getAttribute('href'), a.textContent, a.nextSibling?.textContent ?? ''])"
        )
        outward = [each for each in links if not each[0].startswith(("#", "/"))]
        assert len(outward) >= 6
        for href, words, after in outward:
            assert re.match("https?://", href), href
            assert urlsplit(href).hostname in f"{words} {after}", (href, words, after)
        assert {urlsplit(href).hostname for href, _, _ in outward} == {"evil.invalid", "www.evil.invalid"}


def test_no_picture_frame_form_or_style_of_the_answer_is_there(seen: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = seen
    answers = page.locator("[data-step-type=assistant_message] .message-content")
    expect(answers).to_have_count(2)
    for kind in ("img", "iframe", "form", "style", "script", "link", "object", "svg image", "input"):
        assert answers.locator(kind).count() == 0, kind
    expect(answers.first).to_contain_text("picture (picture at evil.invalid, not loaded)")


def test_a_passage_that_reads_like_instructions_is_labelled(seen: tuple[Page, list[str], list[str]]) -> None:
    page, _, _ = seen
    page.get_by_role("button", name=re.compile("Found 2 passages")).first.click()
    expect(page.get_by_text("Reads like instructions to the assistant").first).to_be_visible()
    take_picture(page, "hostile-answer", full_page=True)
    page.emulate_media(color_scheme="dark")
    take_picture(page, "hostile-answer-dark", full_page=True)
