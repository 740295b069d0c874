"""The widget in a real Chromium: an intranet page of another origin with the line, and pages that may not show it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser.chromium import require_chromium, serving, take_picture
from tests.browser.widget_service import ADMIN, LEAVE, PASSWORD
from tests.local_server import QuietHandler, listening

SERVICE = "tests.browser.widget_service"
pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>Intranet</title>
<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>button {{ all: unset; color: red }} body {{ font: 18px serif; color-scheme: light dark }}</style>
<h1>Welcome to the intranet</h1><p>News of the house.</p>
<script src="{home}/widget.js" data-widget="{id}" async></script></html>"""


@dataclass(frozen=True)
class Place:
    """The service, its widget, and the port of the intranet, which only 127.0.0.1 may show it from."""

    home: str
    widget: str
    intranet_port: int

    @property
    def listed(self) -> str:
        return f"http://127.0.0.1:{self.intranet_port}/"

    @property
    def unlisted(self) -> str:
        return f"http://localhost:{self.intranet_port}/"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require_chromium()
    folder = tmp_path_factory.mktemp("widget")
    shown: dict[str, str] = {}

    class Intranet(QuietHandler):
        def do_GET(self) -> None:
            page = PAGE.format(**shown).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    with listening(Intranet) as port, serving(SERVICE, folder, f"http://127.0.0.1:{port}") as service:
        id = (folder / "widget").read_text()
        shown.update(home=service.url, id=id)
        yield Place(service.url, id, port)


@contextmanager
def _page(browser: Browser, **options: Any) -> Iterator[Page]:
    usual = {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light", "locale": "en-GB"}
    context = browser.new_context(**{**usual, **options})
    yield context.new_page()
    context.close()


def _open(page: Page, url: str, name: str = "Open the chat") -> FrameLocator:
    page.goto(url)
    page.get_by_role("button", name=name).click()
    return page.frame_locator("iframe")


def _ask(panel: FrameLocator, question: str) -> None:
    panel.locator("#question").fill(question)
    panel.locator("#question").press("Enter")
    expect(panel.locator(".answer").last).to_have_attribute("aria-busy", "false")


def test_a_page_of_another_origin_asks_and_opens_the_citation(place: Place, browser: Browser) -> None:
    with _page(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(place.listed)
        take_picture(page, "widget-button")
        assert not any("/widget/" in url for url in asked), "nothing is asked before the button is pressed"
        panel = _open(page, place.listed)
        expect(panel.locator("#question")).to_be_focused()
        _ask(panel, "How many days of leave do parents receive?")
        answer = panel.locator(".answer").last
        expect(answer).to_contain_text("Parents receive 70 days of paid parental leave")
        take_picture(page, "widget-answer")
        answer.locator(".chip").click()
        shown = panel.get_by_role("dialog")
        expect(shown.locator("h2")).to_have_text("Handbook.md")
        expect(shown.locator("mark")).to_have_text(LEAVE)
        take_picture(page, "widget-passage")
        panel.locator("#passage button").press("Escape")
        expect(shown).to_be_hidden()
        assert {httpx.URL(url).port for url in asked} == {place.intranet_port, httpx.URL(place.home).port}
        assert page.context.cookies() == []


def test_a_follow_up_goes_on_from_what_the_panel_holds(place: Place, browser: Browser) -> None:
    with _page(browser) as page:
        bodies: list[dict[str, Any]] = []
        page.on("request", lambda each: bodies.append(each.post_data_json) if each.method == "POST" else None)
        panel = _open(page, place.listed)
        _ask(panel, "How many days of leave do parents receive?")
        _ask(panel, "And within which time?")
        assert [each["role"] for each in bodies[1]["history"]] == ["user", "assistant"]
        assert [bodies[0]["history"], len(bodies[1]["visit"]) > 100] == [[], True]
        page.reload()
        page.get_by_role("button", name="Open the chat").click()
        expect(page.frame_locator("iframe").locator(".answer")).to_have_count(0)


HOSTILE = '<img src=x onerror="document.title=`owned`"> <script>document.title="owned"</script>'


def _answer_with(page: Page, **answer: Any) -> None:
    """Let the service answer so, whatever is asked."""
    told = {"abstained": False, "citations": [], "doubts": [], "grounds": None, "visit": "x", **answer}
    stream = (
        f"event: piece\ndata: {json.dumps({'text': answer['text']})}\n\nevent: answer\ndata: {json.dumps(told)}\n\n"
    )
    page.route("**/ask", lambda route: route.fulfill(content_type="text/event-stream", body=stream))


def test_what_is_not_verified_says_so(place: Place, browser: Browser) -> None:
    with _page(browser) as page:
        panel = _open(page, place.listed)
        text = "Take **leave** early [1].\n\nIt takes 12 people.\n\n- One [1]\n- Two\n\n> In their words [1]"
        citation = {
            "n": 1,
            "document": "Handbook",
            "page": 3,
            "quote": "leave",
            "verified": True,
            "passage": "On leave.",
        }
        doubts = [{"text": "It takes 12 people.", "missing": ["12"]}]
        _answer_with(page, text=text, citations=[citation], doubts=doubts)
        _ask(panel, "How?")
        answer = panel.locator(".answer").last
        expect(answer.locator(".doubt")).to_have_text("It takes 12 people.")
        expect(answer.locator(".doubted")).to_have_text("Not verified: no source holds “12”.")
        expect(answer.locator("li .chip")).to_have_count(1)
        expect(answer.locator(".document")).to_have_text("Handbook, page 3")
        take_picture(page, "widget-doubt")


def test_hostile_words_of_models_and_documents_are_shown_as_words(place: Place, browser: Browser) -> None:
    with _page(browser) as page:
        panel = _open(page, place.listed)
        citation = {"n": 1, "document": HOSTILE, "page": None, "quote": HOSTILE, "verified": True, "passage": HOSTILE}
        _answer_with(page, text=f"{HOSTILE} **{HOSTILE}** [1]\n\n- {HOSTILE}", citations=[citation])
        _ask(panel, "Something hostile?")
        answer = panel.locator(".answer").last
        expect(answer.locator("p")).to_contain_text("onerror")
        answer.locator(".chip").click()
        expect(panel.locator("#passage mark")).to_have_text(HOSTILE)
        expect(panel.locator("img, main script, dialog script")).to_have_count(0)
        assert [frame.title() for frame in page.frames] == ["Intranet", "Ask our documents"]


def test_it_works_by_keyboard_and_gives_the_focus_back(place: Place, browser: Browser) -> None:
    with _page(browser) as page:
        page.goto(place.listed)
        button = page.get_by_role("button", name="Open the chat")
        expect(button).to_have_attribute("aria-expanded", "false")
        button.focus()
        page.keyboard.press("Enter")
        panel = page.frame_locator("iframe")
        expect(panel.locator("#question")).to_be_focused()
        expect(panel.get_by_role("log")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("iframe")).to_be_hidden()
        expect(button).to_be_focused()


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_it_fits_a_phone_and_speaks_german(place: Place, browser: Browser, color_scheme: str) -> None:
    phone = {"viewport": {"width": 390, "height": 780}, "locale": "de-DE", "color_scheme": color_scheme}
    with _page(browser, **phone) as page:
        panel = _open(page, place.listed, "Chat öffnen")
        expect(panel.locator("h1")).to_have_text("Unsere Dokumente fragen")
        _ask(panel, "How many days of leave do parents receive?")
        width = page.locator("iframe").evaluate("frame => frame.getBoundingClientRect().width")
        assert width == 390
        take_picture(page, f"widget-phone-{color_scheme}")
        panel.get_by_role("button", name="Chat schließen").click()
        expect(page.locator("iframe")).to_be_hidden()


def test_a_page_of_an_origin_that_is_not_listed_shows_nothing(place: Place, browser: Browser) -> None:
    # Unwatched: that the browser refuses is what is wanted here.
    context = type(browser).new_context(browser, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(place.unlisted)
    page.get_by_role("button", name="Open the chat").click()
    expect(page.get_by_text("The chat cannot be shown on this page.")).to_be_visible()
    assert any("frame" in text.lower() and "ancestor" in text.lower() for text in said), said
    expect(page.frame_locator("iframe").locator("#question")).to_have_count(0)
    taken = page.evaluate(
        """async ([url, body]) => {
          try { const answer = await fetch(url, { method: "POST", mode: "no-cors", body }); return answer.type; }
          catch (error) { return String(error); }
        }""",
        [f"{place.home}/widget/{place.widget}/ask", json.dumps({"visit": "x", "question": "Leave?"})],
    )
    assert taken != "basic"
    context.close()


def test_an_admin_makes_a_widget_and_looks_at_it(place: Place, browser: Browser) -> None:
    with _page(browser, color_scheme="dark") as page:
        page.goto(f"{place.home}/login")
        page.fill("#email", ADMIN)
        page.fill("input[type=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"{place.home}/")
        page.goto(f"{place.home}/admin/widgets")
        take_picture(page, "admin-widgets-dark")
        page.get_by_role("link", name="Start page").click()
        expect(page.locator("#secret")).to_have_value(
            f'<script src="{place.home}/widget.js" data-widget="{place.widget}" async></script>'
        )
        take_picture(page, "admin-widget-dark", full_page=True)
        page.emulate_media(color_scheme="light")
        take_picture(page, "admin-widget-light", full_page=True)
        page.set_viewport_size({"width": 390, "height": 800})
        take_picture(page, "admin-widget-phone", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 860})
        page.goto(f"{place.home}/admin/webhooks")
        page.fill("#name", "Ticket system")
        page.fill("#url", "http://127.0.0.1:9/told")
        take_picture(page, "admin-webhooks-light", full_page=True)
        page.get_by_role("button", name="Make it").click()
        assert str(page.locator("#secret").input_value()).startswith("whsec_")
        take_picture(page, "admin-webhook-secret")
        page.get_by_role("link", name="To the webhook").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_role("status")).to_contain_text("127.0.0.1 cannot be reached.")
        take_picture(page, "admin-webhook-light", full_page=True)
        page.set_viewport_size({"width": 390, "height": 800})
        take_picture(page, "admin-webhook-phone", full_page=True)
        page.goto(f"{place.home}/widget/{place.widget}")
        expect(page.locator("#question")).to_be_visible()
        expect(page.locator("#close")).to_be_hidden()
        page.set_viewport_size({"width": 1280, "height": 860})
        take_picture(page, "widget-preview")
