"""Reading aloud and asking by voice in a real Chromium, with the real engines; the microphone plays a file.

The tests tell one story in one window, in this order.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from app.engines.speakers.espeak import OWN_CHOICE, EspeakSpeaker
from bench.words_heard import share_heard
from tests.browser.chat_page import ask, sign_in
from tests.browser.chromium import open_chromium, serving, take_picture
from tests.browser.speech_service import PERSON

pytestmark = pytest.mark.browser

FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
QUESTION = "How long is the warranty for the battery?"
MICROPHONE = "#message-composer button:has(> svg):not([id])"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("tests.browser.speech_service", tmp_path_factory.mktemp("service")) as service:
        yield service.url


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The question as a file; Chromium plays it over and over, with a long silence at its end."""
    speaker = EspeakSpeaker()
    sound = speaker.speak(QUESTION, voice=OWN_CHOICE, speed=1.0)
    speaker.close()
    quiet = np.zeros(sound.rate, np.int16)
    file = tmp_path_factory.mktemp("spoken") / "question.wav"
    soundfile.write(file, np.concatenate([quiet, sound.samples, *[quiet] * 20]), sound.rate, subtype="PCM_16")
    return file


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Every address that the page asked for."""
    return []


@pytest.fixture(scope="module")
def page(url: str, spoken: Path, asked: list[str]) -> Iterator[Page]:
    with open_chromium(*FAKE_MICROPHONE, f"--use-file-for-fake-audio-capture={spoken}") as browser:
        context = browser.new_context(
            viewport={"width": 1280, "height": 860}, locale="en-GB", permissions=["microphone"]
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        sign_in(page, url, PERSON)
        ask(page, "How long may items be returned?")
        yield page
        context.close()


def _picture(page: Page, name: str) -> None:
    take_picture(page, f"speech-{name}")


def _wait_for_sound(page: Page, seconds: float) -> None:
    """Until so much of a sentence was heard. The page's policy forbids Playwright's own way to wait."""
    for _ in range(600):
        if page.evaluate("document.getElementById('cloister-audio')?.currentTime ?? 0") > seconds:
            return
        page.wait_for_timeout(50)
    pytest.fail("nothing was heard in 30 s")


def test_read_aloud_plays_the_answer_sentence_by_sentence(page: Page, asked: list[str]) -> None:
    page.get_by_role("button", name="Read aloud").click()
    _wait_for_sound(page, 0.2)
    player = page.get_by_role("group", name="Reading aloud")
    expect(player.locator(".where")).to_have_text("Sentence 1 of 2")
    assert page.evaluate("[...[...CSS.highlights.get('spoken')][0].toString()].length") > 30
    _picture(page, "playing")
    expect(player.locator(".where")).to_have_text("Sentence 2 of 2", timeout=30_000)
    expect(player.get_by_role("button", name="Play")).to_be_visible(timeout=30_000)
    sounds = [urlsplit(url).path for url in asked if url.endswith("speed=1")]
    assert [path.rsplit("/", 1)[-1] for path in sounds] == ["1.wav", "2.wav"]


def test_pause_speed_and_voice_work_from_the_keyboard(page: Page, asked: list[str]) -> None:
    player = page.get_by_role("group", name="Reading aloud")
    player.get_by_role("button", name="Play").press("Enter")
    expect(page.locator("#cloister-audio")).to_have_js_property("paused", False)
    player.get_by_role("button", name="Pause").press("Space")
    expect(page.locator("#cloister-audio")).to_have_js_property("paused", True)
    player.get_by_label("Speed").select_option("2")
    player.get_by_label("Voice").select_option("en-US")
    player.get_by_role("button", name="Play").press("Enter")
    _wait_for_sound(page, 0.1)
    assert any("voice=en-US&speed=2" in url for url in asked)
    player.get_by_role("button", name="Pause").press("Escape")
    expect(page.locator("#cloister-player")).to_be_hidden()
    expect(page.get_by_role("button", name="Read aloud")).to_be_focused()


def test_an_answer_can_be_kept_as_a_file(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Read aloud").click()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download as OGG").click()
    kept.value.save_as(tmp_path / "answer.ogg")
    assert soundfile.info(tmp_path / "answer.ogg").duration > 1
    page.get_by_role("button", name="Stop", exact=True).click()


def test_reading_stops_when_another_chat_is_opened(page: Page) -> None:
    page.get_by_role("button", name="Read aloud").click()
    expect(page.locator("#cloister-audio")).to_have_js_property("paused", False)
    page.locator("#new-chat-button").first.click()
    # A player that is taken out of the page falls silent.
    expect(page.locator("#cloister-player")).to_be_hidden()


def test_what_was_said_lands_in_the_box_and_is_not_sent(page: Page) -> None:
    page.get_by_role("button", name="Ask by voice").click()
    stop = page.get_by_role("button", name="Stop the microphone")
    expect(stop).to_be_visible(timeout=30_000)
    page.wait_for_timeout(5_500)  # the question lasts three seconds
    _picture(page, "listening")
    stop.click()
    expect(page.locator("#chat-input")).not_to_have_value("", timeout=60_000)
    # The browser cleans what its microphone hears, which is meant for people: 0.75 of this voice's words came through.
    assert share_heard(QUESTION, page.input_value("#chat-input")) >= 0.6
    expect(page.locator("[data-step-type=user_message]")).to_have_count(0)
    page.locator("#chat-input").fill("")


def test_with_free_hands_it_is_asked_and_the_answer_is_read_aloud(page: Page) -> None:
    page.get_by_role("button", name="Hands free").click()
    expect(page.get_by_role("button", name="Hands free")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Ask by voice").click()
    expect(page.locator("[data-step-type=user_message]")).to_have_count(1, timeout=60_000)
    expect(page.locator("#cloister-player")).to_be_visible()
    _picture(page, "hands-free")
    # The microphone opens again once the answer is read.
    expect(page.get_by_role("button", name="Stop the microphone")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Hands free").click()
    expect(page.get_by_role("button", name="Hands free")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Stop the microphone").click()


def test_the_page_asked_nobody_but_its_own_service(asked: list[str], url: str) -> None:
    hosts = {urlsplit(each).netloc for each in asked if not each.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(url).netloc}
