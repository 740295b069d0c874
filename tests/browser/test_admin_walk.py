"""The admin pages in a real Chromium, from an empty service to a chunking that was measured, applied and taken back."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.admin_service import ADMIN
from tests.browser.chat_page import ask, sign_in
from tests.browser.chromium import Service, serving, take_picture

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1280, "height": 900}
FRUIT = ("apple", "pear", "plum")
SENTENCES = 30
QUESTIONS = "question,document,quote\n" + "".join(
    f"How heavy is {name} number {n}?,{name}.md,The {name} number {n} weighs\n" for name in FRUIT for n in range(8)
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving("tests.browser.admin_service", tmp_path_factory.mktemp("admin")) as service:
        yield service


def _open(browser: Browser, url: str) -> Page:
    """The chat in a window of its own."""
    page = browser.new_context(viewport=WIDE, locale="en-GB").new_page()
    sign_in(page, url, ADMIN)
    return page


def write_fruit(folder: Path) -> list[Path]:
    files = []
    for name in FRUIT:
        told = " ".join(f"The {name} number {n} weighs {n + 3}00 grams in autumn." for n in range(SENTENCES))
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{told}\n")
        files.append(folder / f"{name}.md")
    return files


def test_from_nothing_to_a_measured_chunking_and_back(service: Service, browser: Browser, tmp_path: Path) -> None:
    page = _open(browser, service.url)
    asked_elsewhere: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((service.url, "data:")) else asked_elsewhere.append(r.url))

    page.goto(f"{service.url}/admin/knowledge-bases")
    page.get_by_label("Name", exact=True).fill("Orchard")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Orchard").click()
    take_picture(page, "admin-1-knowledge-base", full_page=True)

    _drop(page, write_fruit(tmp_path))
    expect(page.locator(".toolbar-note")).to_contain_text(re.compile(r"^\s*3 documents"), timeout=60_000)
    page.reload()
    for name in FRUIT:
        expect(page.get_by_role("link", name=f"{name}.md")).to_be_visible()
    take_picture(page, "admin-2-documents", full_page=True)

    page.goto(f"{service.url}/admin/lab")
    page.get_by_role("link", name="Orchard").click()
    page.get_by_label("Splitter").select_option("sentence")
    page.locator("#chunk_size").fill("40")
    page.locator("#overlap").fill("12")
    expect(page.locator(".drawn .both").first).to_be_visible()
    take_picture(page, "admin-3-preview", full_page=True)

    page.get_by_role("link", name="Questions").click()
    page.set_input_files("#file", {"name": "q.csv", "mimeType": "text/csv", "buffer": QUESTIONS.encode()})
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("24 questions were kept")).to_be_visible()
    take_picture(page, "admin-4-questions", full_page=True)

    page.get_by_role("link", name="Compare").click()
    page.get_by_label("By heading").uncheck()
    page.get_by_label("Chunk sizes in tokens").fill("20, 40")
    page.get_by_label("Overlaps in percent of the size").fill("0, 20")
    page.get_by_label("Passages for each question").evaluate("e => e.closest('details').open = true")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("progress")).to_have_count(0, timeout=120_000)
    expect(page.locator(".finding")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(5, timeout=120_000)
    take_picture(page, "admin-5-comparison", full_page=True)

    page.locator("tbody tr").nth(1).get_by_role("button", name="Apply").click()
    expect(page.locator(".said")).to_contain_text("from the new chunks from now on")
    take_picture(page, "admin-6-applied", full_page=True)

    chat = _open(browser, service.url)
    page.get_by_role("link", name="Preview").click()
    page.locator("#chunk_size").fill("60")
    expect(page.locator("form.apply [name=chunk_size]")).to_have_value("60")  # what is drawn is what is cut
    page.get_by_role("button", name="Cut the whole knowledge base like this").click()
    expect(page.locator(".said")).to_contain_text("answered as before")
    ask(chat, "How heavy is pear number 3?")
    expect(chat.locator(".ai-message").last).to_contain_text("The pear number 3 weighs 600 grams", timeout=30_000)
    take_picture(chat, "admin-7-chat-meanwhile", full_page=True)
    expect(page.get_by_role("row", name="sentence 60")).to_contain_text("answers", timeout=60_000)

    row = page.get_by_role("row", name="sentence 20 / 0")
    started = time.perf_counter()
    row.get_by_role("button", name="Roll back to it").click()
    expect(page.get_by_role("row", name="sentence 20 / 0")).to_contain_text("answers")
    assert time.perf_counter() - started < 10  # a page, not the switch, which `bench reindex` measures
    take_picture(page, "admin-8-rolled-back", full_page=True)

    page.goto(f"{service.url}/docs")
    expect(page.locator(".opblock-summary-path", has_text="/api/v1/ask").first).to_be_visible()
    assert page.locator(".opblock").count() > 50
    page.locator(".opblock-summary", has_text="/api/v1/ask").first.click()
    expect(page.locator(".opblock.is-open")).to_contain_text("knowledge_bases")
    take_picture(page, "api-page")
    assert asked_elsewhere == []


def _drop(page: Page, files: list[Path]) -> None:
    """Drop files onto the page's drop area, as a person would."""
    handle = page.evaluate_handle(
        """files => {
          const data = new DataTransfer();
          for (const [name, text] of files) data.items.add(new File([text], name, { type: "text/markdown" }));
          return data;
        }""",
        [[file.name, file.read_text()] for file in files],
    )
    area = page.locator(".drop")
    for kind in ("dragenter", "dragover", "drop"):
        area.dispatch_event(kind, {"dataTransfer": handle})
