"""Choosing who answers and with which model, and asking with a picture, in a real Chromium."""

import base64
import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.chat_page import ask, sign_in
from tests.browser.choosing_service import ADMIN, READER, THOUGHT
from tests.browser.chromium import serving, take_picture

pytestmark = pytest.mark.browser

# The process that reads pictures, and what it reads them with, are first started for the first one.
PATIENCE_MS = 90_000
# The pictures of the thread, loaded.
WIDTHS = """async () => {
  const all = [...document.querySelectorAll("img.inline-image")];
  for (const each of all) each.loading = "eager";
  await Promise.all(all.map((each) => each.decode()));
  return all.map((each) => each.naturalWidth);
}"""
LEAVE = "How many days of paid parental leave does every parent receive?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("tests.browser.choosing_service", tmp_path_factory.mktemp("service")) as service:
        yield service.url


def _enter(browser: Browser, url: str, name: str, *, locale: str = "en-GB", is_narrow_and_dark: bool = False) -> Page:
    width, scheme = (390, "dark") if is_narrow_and_dark else (1280, "light")
    context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=scheme, locale=locale)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, url, name)
    return page


def _choose(page: Page, mode: str, option: str) -> None:
    page.locator(f"#mode-picker-trigger-{mode}").click()
    page.locator(f"#mode-picker-popover-{mode}").get_by_text(option, exact=True).click()
    expect(page.locator(f"#mode-picker-trigger-{mode}")).to_contain_text(option)


def _screenshot(name: str = "screen.png", text: str = "Error QX-4711") -> FilePayload:
    picture = Image.new("RGB", (900, 260), "white")
    ImageDraw.Draw(picture).text((60, 90), text, fill="black", font=ImageFont.load_default(64))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": stream.getvalue()}


def _keep(page: Page, name: str) -> None:
    take_picture(page, f"choosing-{name}")


def test_a_reader_chooses_asks_and_finds_the_choice_again(browser: Browser, url: str) -> None:
    page = _enter(browser, url, READER)
    page.locator("#mode-picker-trigger-assistant").click()
    offered = page.locator("#mode-picker-popover-assistant")
    expect(offered).to_contain_text("Questions about time off.")
    expect(offered).not_to_contain_text("Board")
    _keep(page, "assistants")
    page.keyboard.press("Escape")
    _choose(page, "assistant", "Leave desk")
    _choose(page, "model", "Careful")
    ask(page, LEAVE)
    answer = page.locator(".ai-message").last
    expect(answer).to_contain_text("every parent receives 70 days of it", timeout=PATIENCE_MS)
    expect(page.get_by_text("Careful · answered in")).to_be_visible(timeout=PATIENCE_MS)
    _keep(page, "answer")
    page.reload()
    expect(page.locator("#mode-picker-trigger-assistant")).to_contain_text("Leave desk")
    expect(page.locator("#mode-picker-trigger-model")).to_contain_text("Careful")
    expect(page.get_by_text("Careful · answered in")).to_be_visible(timeout=PATIENCE_MS)
    page.context.close()


def test_what_a_model_thinks_is_folded_and_no_part_of_the_answer(browser: Browser, url: str) -> None:
    page = _enter(browser, url, READER)
    _choose(page, "model", "Thinking")
    ask(page, LEAVE)
    expect(page.get_by_text("Thinking · answered in")).to_be_visible(timeout=PATIENCE_MS)
    answer = page.locator(".ai-message").last
    expect(answer).to_contain_text("every parent receives 70 days of it")
    expect(answer).not_to_contain_text("Nothing else is asked")
    thought = page.locator("[data-step-type=tool]").filter(has_text="Thought for")
    expect(thought.get_by_text(THOUGHT)).to_have_count(0)
    thought.get_by_role("button").click()
    expect(thought.get_by_text(THOUGHT)).to_be_visible()
    _keep(page, "thought")
    page.reload()
    page.locator("[data-step-type=tool]").filter(has_text="Thought for").get_by_role("button").click()
    expect(page.get_by_text(THOUGHT)).to_be_visible(timeout=PATIENCE_MS)
    page.context.close()


def test_a_table_is_asked_by_command(browser: Browser, url: str) -> None:
    page = _enter(browser, url, READER)
    ask(page, "/table What is the total amount for Sales?")
    answer = page.locator(".ai-message").last
    expect(answer).to_contain_text("220.5", timeout=PATIENCE_MS)
    _keep(page, "table")
    page.context.close()


def test_a_picture_goes_with_a_readers_question(browser: Browser, url: str) -> None:
    page = _enter(browser, url, READER)
    ask(page, "What does this mean?", _screenshot())
    said = page.get_by_text("The model cannot see pictures; its text was read instead: 2 words")
    expect(said).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".ai-message").last).to_contain_text("the badge reader has lost its door", timeout=PATIENCE_MS)
    said.click()
    expect(page.get_by_text("Read in the picture:")).to_be_visible()
    _keep(page, "read")
    _choose(page, "model", "Seeing")
    ask(page, "And this one?", _screenshot("again.png", "Error QX-4711 again"))
    expect(page.get_by_text("Seeing · answered in")).to_be_visible(timeout=PATIENCE_MS)
    text, image = httpx.get(f"{url}/last-image").json()
    assert text["type"] == "text"
    sent = Image.open(io.BytesIO(base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))))
    assert sent.size == (900, 260)
    _keep(page, "seen")
    page.reload()
    expect(page.locator("img.inline-image")).to_have_count(2, timeout=PATIENCE_MS)
    widths = page.evaluate(WIDTHS)
    assert widths == [900, 900]
    page.context.close()


def test_a_picture_alone_is_refused_to_readers_with_a_sentence(browser: Browser, url: str) -> None:
    page = _enter(browser, url, READER, locale="de-DE")
    ask(page, "", _screenshot("allein.png"))
    expect(page.get_by_text("Ein Bild allein wird als Dokument aufgenommen")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#upload-button")).to_be_enabled()
    page.locator("#upload-button-input").set_input_files(
        [{"name": "notes.png", "mimeType": "image/png", "buffer": b"# Notes\n"}]
    )
    expect(page.get_by_text("Nur die Verwaltung darf hier Dokumente hinzufügen")).to_be_visible(timeout=PATIENCE_MS)
    page.context.close()


def test_on_a_narrow_page_the_pickers_stay_inside(browser: Browser, url: str) -> None:
    page = _enter(browser, url, ADMIN, is_narrow_and_dark=True)
    _choose(page, "assistant", "Board secretary")
    _choose(page, "model", "A model with quite a long name")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box, submit = page.locator("#mode-picker-trigger-model").bounding_box(), page.locator("#chat-submit").bounding_box()
    assert box is not None
    assert submit is not None
    assert box["x"] + box["width"] <= submit["x"]
    page.locator("#mode-picker-trigger-model").click()
    expect(page.locator("#mode-picker-popover-model")).to_be_visible()
    _keep(page, "narrow")
    page.context.close()
