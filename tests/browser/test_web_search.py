"""Web search in a real Chromium: nothing is sent before the person has seen it and said yes; then exactly that.

The tests tell one story in one window, in this order.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.browser.chat_page import ask, sign_in
from tests.browser.chromium import Service, serving, take_picture
from tests.browser.web_search_service import ADMIN, HOURS, READER

pytestmark = pytest.mark.browser

QUESTION = "When is the city library open on weekdays?"


class Searching(Service):
    """A running service, the web beside it, and what of both was stored."""

    def asked(self) -> tuple[list[str], list[str]]:
        """The queries that reached the search engine, and the pages that were opened."""
        seen = httpx.get(f"{self.url}/asked").json()
        return seen["queries"], seen["opened"]

    def let_web(self, **answer: Any) -> None:
        """How the web answers from now on."""
        httpx.post(f"{self.url}/web", json=answer).raise_for_status()

    def count(self, table: str, words: str) -> int:
        """How many rows of a table of the chat hold these words."""
        columns = {"steps": "coalesce(output, '') || coalesce(name, '') || metadata", "chat_quote": "documentId"}[table]
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE instr({columns}, ?)", words)[0][0])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searching]:
    folder = tmp_path_factory.mktemp("service")
    with serving("tests.browser.web_search_service", folder) as service:
        yield Searching(service.url, service.folder)


@pytest.fixture(scope="module")
def elsewhere() -> list[str]:
    """Requests of the window to any other host than the service's."""
    return []


@pytest.fixture(scope="module")
def page(service: Searching, browser: Browser, elsewhere: list[str]) -> Iterator[Page]:
    """One window, in which an admin is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(15_000)
    page = context.new_page()

    def note(request: Request) -> None:
        if not request.url.startswith((service.url, "data:", "blob:")):
            elsewhere.append(request.url)

    page.on("request", note)
    sign_in(page, service.url, ADMIN)
    yield page
    context.close()


def _card(page: Page) -> Locator:
    card = page.locator("#approval")
    expect(card).to_be_visible()
    return card


def _send(page: Page) -> None:
    _card(page).get_by_role("button", name="Send", exact=True).click()


def _answer(page: Page) -> Locator:
    """The last answer, once it is finished."""
    expect(page.locator("#stop-button")).to_have_count(0)
    return page.locator("[data-step-type=assistant_message]").last


def _last_call(page: Page) -> Locator:
    return page.locator("[data-step-type=tool]").last


def _picture(page: Page, name: str) -> None:
    take_picture(page, f"web-{name}")


def test_the_menu_offers_what_the_person_may_use(page: Page) -> None:
    page.locator("#chat-input").press_sequentially("/")
    expect(page.get_by_role("option")).to_have_text(
        [
            "webSearch the web, or read the page at an address",
            "tableAsk your tables",
            "kbAsk one knowledge base only",
            "speakRead an answer aloud",
        ]
    )
    _picture(page, "menu")
    page.locator("#chat-input").fill("")


def test_a_search_that_is_refused_sends_nothing(page: Page, service: Searching) -> None:
    ask(page, f"/web {QUESTION}")
    card = _card(page)
    expect(card.locator("textarea")).to_have_value(QUESTION)
    expect(card.get_by_role("checkbox")).to_have_count(1)
    expect(card).to_contain_text("You asked for this with a command.")
    _picture(page, "card")
    card.get_by_role("button", name="Do not send").click()
    expect(card).to_have_count(0)
    expect(_last_call(page)).to_contain_text("nothing was sent")
    expect(_answer(page)).to_contain_text("I did not find this in your documents.")
    assert service.asked() == ([], [])


def test_escape_refuses_and_gives_the_keyboard_back(page: Page, service: Searching) -> None:
    ask(page, f"/web {QUESTION}")
    expect(_card(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#approval")).to_have_count(0)
    expect(page.locator("#chat-input")).to_be_focused()
    expect(_answer(page)).to_contain_text("I did not find this")
    assert service.asked() == ([], [])


def test_a_search_that_is_accepted_sends_exactly_the_shown_text(page: Page, service: Searching) -> None:
    ask(page, f"/web {QUESTION}")
    shown = _card(page).locator("textarea").input_value()
    _send(page)
    expect(_answer(page)).to_contain_text(HOURS)
    queries, opened = service.asked()
    assert (queries, sorted(opened)) == ([shown], ["/gone", "/library"])


def test_a_source_on_the_web_is_told_from_a_document(page: Page) -> None:
    chip = _answer(page).locator(".element-link").first
    expect(chip).to_have_attribute("data-web", "")
    assert chip.evaluate("chip => getComputedStyle(chip, '::before').content").startswith('"web ')
    expect(_answer(page).locator("h6 + ul")).to_contain_text("Web · pages.example")
    _picture(page, "answer")


def test_its_element_shows_the_passage_and_a_link_and_loads_nothing(page: Page, elsewhere: list[str]) -> None:
    _answer(page).locator(".element-link").first.click()
    pane = page.locator(".side-text")
    expect(pane).to_contain_text(HOURS)
    expect(pane.get_by_role("link")).to_have_text(["Open the page at pages.example" + pane_port(pane)])
    expect(pane.locator("img")).to_have_count(0)
    _picture(page, "pane")
    page.locator("#side-view-title button").click()
    assert elsewhere == []


def pane_port(pane: Locator) -> str:
    address = pane.get_by_role("link").get_attribute("href") or ""
    return ":" + address.split("/")[2].partition(":")[2]


def test_the_call_says_what_was_sent_and_what_came_of_it(page: Page) -> None:
    expect(_last_call(page)).to_contain_text("Web search at 127.0.0.1")
    _last_call(page).get_by_role("button").first.click()
    expect(_last_call(page)).to_contain_text(f"Sent: “{QUESTION}”")
    expect(_last_call(page)).to_contain_text("1 page read. Of others only the summary was used")


def test_an_edited_text_is_what_is_sent(page: Page, service: Searching) -> None:
    before = len(service.asked()[0])
    ask(page, f"/web {QUESTION} Ask for Ada Lovelace.")
    _card(page).locator("textarea").fill("city library weekdays")
    page.keyboard.press("Control+Enter")
    expect(_answer(page)).to_contain_text(HOURS)
    assert service.asked()[0][before:] == ["city library weekdays"]


def test_what_is_remarkable_is_marked_until_it_is_taken_out(page: Page, service: Searching) -> None:
    ask(page, "/web is it true that parent receives 70 working days of paid parental leave, password: pa55word-xyz")
    card = _card(page)
    expect(card.locator("mark")).to_have_count(2)
    expect(card.get_by_role("listitem").nth(0)).to_contain_text("stands word for word in ")
    expect(card.get_by_role("listitem").filter(has_text="looks like a secret (password).")).to_have_count(1)
    _picture(page, "flags")
    card.locator("textarea").fill("the library open")
    expect(card.locator("mark")).to_have_count(0)
    expect(card.get_by_role("listitem")).to_have_count(0)
    card.get_by_role("button", name="Do not send").click()
    expect(_answer(page)).to_contain_text("I did not find this")
    service.let_web()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"answer": {"body": "<html>SearXNG</html>"}}, "answered with a web page instead of JSON"),
        ({"answer": {"body": "", "status": 429}}, "has been asked too often (429)"),
        ({"is_hung": True}, "did not answer within 2 s"),
    ],
)
def test_a_search_that_fails_says_why_in_the_chat(
    page: Page, service: Searching, answer: dict[str, Any], said: str
) -> None:
    service.let_web(**answer)
    ask(page, f"/web {QUESTION}")
    _send(page)
    expect(_last_call(page)).to_contain_text(said)
    expect(_answer(page)).to_contain_text("I did not find this in your documents.")
    _picture(page, "failed")
    service.let_web()


def test_the_stop_button_refuses(page: Page, service: Searching) -> None:
    before = service.asked()
    ask(page, f"/web {QUESTION}")
    _card(page)
    page.locator("#stop-button").click()
    expect(page.locator("#approval")).to_have_count(0)
    expect(_answer(page)).to_contain_text("Stopped.")
    assert service.asked() == before


def test_reloading_the_page_refuses_and_the_chat_keeps_no_card(page: Page, service: Searching) -> None:
    before = service.asked()
    ask(page, f"/web {QUESTION}")
    _card(page)
    page.reload()
    expect(page.locator("#chat-input")).to_be_visible()
    expect(page.locator("#approval")).to_have_count(0)
    page.reload()
    expect(_last_call(page)).to_contain_text("nothing was sent")
    assert service.asked() == before


def test_after_a_reload_the_calls_and_the_sources_on_the_web_are_there(page: Page, service: Searching) -> None:
    expect(page.locator(".element-link[data-web]").first).to_be_attached()
    assert service.count("steps", "Web search at 127.0.0.1") > 5
    assert service.count("chat_quote", "web:") == 0


def test_a_button_searches_the_web_for_what_was_not_found(page: Page, service: Searching) -> None:
    before = len(service.asked()[0])
    ask(page, QUESTION)
    expect(_answer(page)).to_contain_text("I did not find this in your documents.")
    _answer(page).get_by_role("button", name="Search the web for this").click()
    expect(_card(page).locator("textarea")).to_have_value(QUESTION)
    _picture(page, "button")
    _send(page)
    expect(_answer(page)).to_contain_text(HOURS)
    expect(page.get_by_role("button", name="Search the web for this")).to_have_count(0)
    assert service.asked()[0][before:] == [QUESTION]


def test_a_command_chosen_in_the_menu_does_the_same(page: Page, service: Searching) -> None:
    before = len(service.asked()[0])
    page.locator("#chat-input").press_sequentially("/we")
    page.keyboard.press("Enter")
    page.locator("#chat-input").press_sequentially(QUESTION)
    page.keyboard.press("Enter")
    expect(_card(page).locator("textarea")).to_have_value(QUESTION)
    _send(page)
    expect(_answer(page)).to_contain_text(HOURS)
    assert service.asked()[0][before:] == [QUESTION]


def test_one_knowledge_base_is_asked_by_its_name(page: Page) -> None:
    ask(page, "/kb")
    expect(_answer(page)).to_contain_text("You may ask these knowledge bases:")
    ask(page, "/kb travel: How many days of parental leave does every parent receive?")
    expect(page.locator("[data-step-type=tool]").last).to_contain_text("in 1 document")


def test_whoever_is_no_admin_cannot_say_always(browser: Browser, service: Searching) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="dark", locale="de-DE")
    page = context.new_page()
    sign_in(page, service.url, READER)
    ask(page, f"/web {QUESTION}")
    card = _card(page)
    expect(card.get_by_role("checkbox")).to_have_count(0)
    _picture(page, "dark-card")
    card.get_by_role("button", name="Senden", exact=True).click()
    expect(page.locator("[data-step-type=assistant_message]").last).to_contain_text(HOURS)
    _picture(page, "dark-answer")
    context.close()


def test_the_card_fits_a_phone_and_speaks_german(browser: Browser, service: Searching) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 760}, color_scheme="dark", locale="de-DE")
    page = context.new_page()
    sign_in(page, service.url, ADMIN)
    ask(page, f"/web {QUESTION}")
    card = _card(page)
    expect(card).to_contain_text("Sie haben dies mit einem Befehl verlangt.")
    box = card.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] >= 0
    _picture(page, "phone-card")
    card.get_by_role("button", name="Senden", exact=True).click()
    expect(page.locator("[data-step-type=assistant_message]").last).to_contain_text(HOURS)
    _picture(page, "phone-answer")
    service.let_web()
    context.close()
