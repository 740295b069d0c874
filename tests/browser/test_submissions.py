"""A reader hands a file in, an editor decides, and flags are shown, in a real Chromium."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat_page import ask, sign_in
from tests.browser.chromium import serving, take_picture
from tests.browser.submissions_service import ADMIN, KB, ORDER, READER

pytestmark = pytest.mark.browser
NOTE = f"# Leave\n\nLeave is booked with the form.\n\n{ORDER}\n"
SIZES = {"wide": (1280, 860), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("tests.browser.submissions_service", tmp_path_factory.mktemp("submissions")) as service:
        yield service.url


@contextmanager
def signed_in(
    browser: Browser, url: str, name: str, *, size: str = "wide", dark: bool = False, locale: str = "en-GB"
) -> Iterator[Page]:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale=locale
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, url, name)
    yield page
    context.close()


def hand_in(page: Page, name: str, text: str) -> None:
    ask(page, "", {"name": name, "mimeType": "text/markdown", "buffer": text.encode()})


def test_a_reader_is_told_that_an_editor_looks_first(browser: Browser, url: str) -> None:
    with signed_in(browser, url, READER) as page:
        hand_in(page, "booking.md", NOTE)
        expect(page.get_by_text(f"Handed in to “{KB}”: booking.md.")).to_be_visible()
        expect(page.get_by_text("An editor looks at it before it can be searched.")).to_be_visible()
        take_picture(page, "hand-in-light")
    with signed_in(browser, url, READER, dark=True, size="narrow", locale="de-DE") as page:
        hand_in(page, "second.md", "# More\n\nOther words.\n")
        expect(page.get_by_text(f"Bei „{KB}“ eingereicht: second.md.")).to_be_visible()
        take_picture(page, "hand-in-dark-narrow-german")


def test_an_editor_sees_submissions_and_flags(browser: Browser, url: str) -> None:
    for look, dark, size, locale in (
        ("light", False, "wide", "en-GB"),
        ("dark", True, "wide", "en-GB"),
        ("narrow", False, "narrow", "en-GB"),
        ("german", False, "wide", "de-DE"),
    ):
        with signed_in(browser, url, ADMIN, dark=dark, size=size, locale=locale) as page:
            page.goto(f"{url}/admin")
            take_picture(page, f"overview-{look}", full_page=True)
            page.goto(f"{url}/admin/knowledge-bases")
            page.get_by_role("link", name=KB).click()
            take_picture(page, f"base-{look}", full_page=True)
            here = page.url
            page.goto(f"{here}/review")
            expect(page.get_by_text(ORDER, exact=False).first).to_be_visible()
            take_picture(page, f"review-{look}", full_page=True)
            page.goto(f"{here}/submissions")
            expect(page.get_by_role("link", name="booking.md")).to_be_visible()
            take_picture(page, f"submissions-{look}", full_page=True)
            page.get_by_role("link", name="booking.md").click()
            expect(page.get_by_text("Leave is booked with the form.").first).to_be_visible()
            take_picture(page, f"submission-{look}", full_page=True)


def test_the_evidence_says_who_put_it_in_and_that_it_is_flagged(browser: Browser, url: str) -> None:
    for look, dark, size, locale, added, flagged in (
        ("light", False, "wide", "en-GB", "Added by Ada on", "Flagged for review:"),
        ("dark", True, "wide", "en-GB", "Added by Ada on", "Flagged for review:"),
        ("narrow-german", False, "narrow", "de-DE", "Hinzugefügt von Ada am", "Zur Prüfung vorgemerkt:"),
    ):
        with signed_in(browser, url, READER, dark=dark, size=size, locale=locale) as page:
            ask(page, "How many days of paid parental leave does every parent receive?")
            chip = page.locator("a", has_text=re.compile(r"^\[?1\]?$")).first
            expect(chip).to_be_visible()
            chip.click()
            expect(page.get_by_text(added).last).to_be_visible()
            expect(page.get_by_text(flagged).last).to_be_visible()
            page.wait_for_load_state("networkidle")
            take_picture(page, f"evidence-{look}")


def test_a_flag_leads_to_its_place_and_is_dismissed(browser: Browser, url: str) -> None:
    with signed_in(browser, url, ADMIN) as page:
        page.goto(f"{url}/admin/knowledge-bases")
        page.get_by_role("link", name=KB).click()
        here = page.url
        page.goto(f"{here}/review")
        place = page.locator(".noticed", has_text="leave.pdf").first.get_by_role("link", name="page 1")
        place.click()
        expect(page.locator(".document-text")).to_contain_text(ORDER)
        page.goto(f"{here}/review")
        flags = page.locator(".noticed")
        before = flags.count()
        flags.first.get_by_role("button", name="It is in order: dismiss").click()
        expect(page.get_by_text("this flag is dismissed")).to_be_visible()
        expect(flags).to_have_count(before - 1)
