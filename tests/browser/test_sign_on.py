"""Signing in in a real Chromium: by single sign-on, and what a locked name reads."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat_page import ask
from tests.browser.chromium import serving, take_picture
from tests.browser.sign_on_service import ADMIN, GROUP, OTHER_ADMIN, PASSWORD
from tests.oidc_provider import Provider, running_provider

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        provider.person = {"sub": "8d1f", "preferred_username": "Clara", "groups": [GROUP]}
        yield provider


@pytest.fixture(scope="module")
def url(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sign-on")
    (folder / "provider").write_text(provider.url)
    with serving("tests.browser.sign_on_service", folder) as service:
        yield service.url


def open_page(browser: Browser, url: str, **context: object) -> Page:
    page = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **context}).new_page()  # type: ignore[arg-type]
    page.goto(f"{url}/login")
    expect(page.locator("#single-sign-on")).to_be_visible()
    return page


def test_somebody_signs_in_at_the_provider_and_asks(url: str, browser: Browser) -> None:
    page = open_page(browser, url)
    page.get_by_role("link", name="Sign in with Keycloak").click()
    page.wait_for_url(f"{url}/")
    # Shown once the chat's connection stands; what is typed before that may be lost.
    expect(page.get_by_role("button", name="Commands")).to_be_visible()
    ask(page, "How long is parental leave?")
    expect(page.locator(".ai-message").first).to_contain_text("Found 1 passage in 1 document")
    cookie = next(each for each in page.context.cookies() if each["name"] == "access_token")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.goto(f"{url}/account")
    expect(page.get_by_text("Clara").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    # By way of the provider, which ends its own session, and no further.
    page.wait_for_url(f"{url}/login")
    expect(page.locator("#single-sign-on")).to_be_visible()


def test_the_sign_in_page_in_all_its_forms(url: str, browser: Browser) -> None:
    for name, context in {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "narrow": {"viewport": {"width": 390, "height": 800}},
        "german": {"locale": "de-DE"},
    }.items():
        page = open_page(browser, url, **context)
        expect(page.locator("#single-sign-on-or")).to_have_text("oder" if name == "german" else "or")
        page.wait_for_timeout(300)  # for the picture only: the button's colour fades
        take_picture(page, f"sign-in-{name}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.context.close()


@pytest.mark.parametrize(
    ("locale", "sentence"), [("en-GB", "Wrong name or password, or too many tries"), ("de-DE", "zu viele Versuche")]
)
def test_a_locked_name_reads_the_same_as_a_wrong_password(
    url: str, browser: Browser, locale: str, sentence: str
) -> None:
    """The last try is with the right password."""
    page = open_page(browser, url, locale=locale)
    for password in [*["wrong"] * 5, PASSWORD]:
        page.fill("#email", ADMIN)
        page.fill("input[type=password]", password)
        with page.expect_response("**/login"):
            page.click("button[type=submit]")
        expect(page.get_by_role("alert")).to_contain_text(sentence)
    page.wait_for_timeout(300)  # for the picture only: the button's colour fades
    take_picture(page, f"locked-{locale}")
    assert page.url == f"{url}/login"


def test_another_admin_opens_the_lock(url: str, browser: Browser) -> None:
    page = open_page(browser, url)
    page.fill("#email", OTHER_ADMIN)
    page.fill("input[type=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/admin/people")
    take_picture(page, "people-locked", full_page=True)
    page.get_by_role("link", name=ADMIN, exact=True).click()
    take_picture(page, "person-locked")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 1100})
    take_picture(page, "person-locked-narrow")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("button", name="Unlock")).to_have_count(0)


def test_what_is_not_believed_leads_back_to_the_sign_in_page(url: str, browser: Browser, provider: Provider) -> None:
    page = open_page(browser, url)
    provider.extra = {"nonce": "another sign-in"}
    page.locator("#single-sign-on").click()
    expect(page.get_by_role("alert")).to_contain_text("not to be believed")
    take_picture(page, "refused")
    page.get_by_role("link", name="To the sign-in page").click()
    expect(page.locator("#single-sign-on")).to_be_visible()
