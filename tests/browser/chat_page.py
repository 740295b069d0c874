"""What people do on the chat page."""

from contextlib import suppress
from typing import Final

from playwright.sync_api import FilePayload, Page, expect

from tests.app.web.signed_in import PASSWORD

# Once a second.
TRIES: Final = 30


def enter_by_link(page: Page, link: str) -> None:
    """Follow the one-time link and choose the password."""
    page.goto(link)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.get_by_role("button").click()


def sign_in(page: Page, url: str, name: str) -> None:
    """Until the chat is there."""
    page.goto(f"{url}/login")
    page.fill("#email", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#chat-input")).to_be_visible()


def ask(page: Page, question: str, *files: FilePayload) -> None:
    """Send a question with files, or either, once the page is connected and no other answer is being written."""
    if files:
        expect(page.locator("#upload-button")).to_be_enabled()
        page.locator("#upload-button-input").set_input_files(list(files))
        expect(page.locator("#attachments > *")).to_have_count(len(files))
    send = page.locator("#chat-submit")
    for _ in range(TRIES):
        if question:  # what was typed before the page was connected may be lost
            page.locator("#chat-input").fill(question)
        with suppress(AssertionError):
            expect(send).to_be_enabled(timeout=1000)
            break
    send.click()
