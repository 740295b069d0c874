"""The pages of tool servers in a browser: readable, and usable without a mouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.operations.callers import PASSWORD
from tests.browser.chromium import open_chromium, serving, take_picture
from tests.browser.tool_servers_service import ADMIN


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("tool-servers")
    with serving("tests.browser.tool_servers_service", folder) as url:
        yield url


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
