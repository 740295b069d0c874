"""An answer full of tricks in a real Chromium: nothing is asked of another host, and every link says where it leads."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chat_groundwork_service import TOKEN

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PASSWORD = "correct horse battery"
PICTURES = os.environ.get("CLOISTER_TEST_PICTURES", "")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not Path(CHROMIUM).exists():
        pytest.skip("there is no Chromium to test with")
    folder = tmp_path_factory.mktemp("service")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.browser.hostile_answers_service", str(port), str(folder)])
    try:
        _wait_until_up(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the service ended at its start"
        try:
            httpx.get(f"{url}/seen")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the service did not come up in 30 s")


@pytest.fixture(scope="module")
def seen(url: str) -> Iterator[tuple[Page, list[str], list[str]]]:
    """A window in which both hostile answers were shown, all hosts that it asked for, and what its console said."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 1800}, color_scheme="light", locale="en-GB")
        context.set_default_timeout(20_000)
        page = context.new_page()
        asked: list[str] = []
        refused: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"{url}/welcome?token={TOKEN}")
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.get_by_role("button").click()
        for n, question in enumerate(("Tricks in pieces?", "Raw tricks?"), start=1):
            page.locator("#chat-input").fill(question)
            expect(page.locator("#chat-submit")).to_be_enabled()
            page.locator("#chat-submit").click()
            expect(page.get_by_text("The end of the tricks.")).to_have_count(n, timeout=20_000)
            expect(page.get_by_role("button", name="Ask again")).to_be_visible()
        yield page, asked, refused
        browser.close()


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
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/hostile-answer.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=f"{PICTURES}/hostile-answer-dark.png", full_page=True)
