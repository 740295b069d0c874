"""The pages of tool servers in a browser: readable, and usable without a mouse."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.operations.callers import PASSWORD
from tests.browser.chromium import open_chromium, serving, take_picture
from tests.browser.tool_servers_service import ADMIN, WISH

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("tool-servers")
    with serving("tests.browser.tool_servers_service", folder) as service:
        yield service.url


@pytest.mark.parametrize(
    ("name", "width", "scheme", "language"),
    [("light", 1280, "light", "en-GB"), ("dark", 1280, "dark", "de-DE"), ("narrow", 390, "light", "en-GB")],
)
def test_an_admin_sees_what_changed_and_saves_what_may_be_called(
    url: str, name: str, width: int, scheme: str, language: str
) -> None:
    with open_chromium() as browser:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=language,
        )
        page = context.new_page()
        answer = context.request.post(f"{url}/login", form={"username": ADMIN, "password": PASSWORD})
        assert answer.ok
        page.goto(f"{url}/admin/tools/servers")
        take_picture(page, f"tool-servers-{name}", full_page=True)
        page.get_by_role("link", name="Tickets", exact=True).click()
        page.wait_for_url("**/tools/servers/*")
        assert page.locator(".warning").first.is_visible()
        take_picture(page, f"tool-server-{name}", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.goto(f"{url}/admin/assistants/new")
        assert page.get_by_label("Tickets").is_visible()
        take_picture(page, f"tool-servers-assistant-{name}", full_page=True)


def test_a_person_reads_every_argument_and_sends_what_they_leave_of_it(url: str) -> None:
    with open_chromium() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB").new_page()
        page.goto(f"{url}/login")
        page.fill("#email", ADMIN)
        page.fill("input[type=password]", PASSWORD)
        page.click("button[type=submit]")
        page.locator("#chat-input").fill("Is the printer of the third floor broken?")
        page.locator("#chat-submit").click()
        card = page.locator("#approval")
        expect(card).to_contain_text("tickets__find", timeout=30_000)
        expect(card).to_contain_text("An admin says that it only reads.")
        expect(card.locator("textarea")).to_have_value(json.dumps(WISH.arguments, sort_keys=True))
        expect(card.locator("li")).to_contain_text(["stands word for word in printers.md"])
        take_picture(page, "tool-servers-card")
        card.locator("textarea").fill('{"text": "printer"}')
        card.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("[data-step-type=assistant_message]").last).to_contain_text(
            "broken since Monday", timeout=30_000
        )
        expect(page.locator("#stop-button")).to_have_count(0)
        page.locator("[data-step-type=tool] button").last.click()
        expect(page.locator("[data-step-type=tool]").last).to_contain_text('{"text": "printer"}')
        take_picture(page, "tool-servers-answer")
