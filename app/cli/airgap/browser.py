"""The pages in a real Chromium: every request of every page is noted."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from app.cli.airgap.given import QUESTION
from app.cli.airgap.journey import ADMIN, ADMIN_PAGES
from app.cli.airgap.judge import Watcher, count_hosts
from app.errors import EngineUnavailable

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS: Final = 90_000
# What the browser itself would ask its maker is no page's doing.
_FLAGS: Final = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def find_chromium(configured: str) -> tuple[str, Watcher]:
    """The program, "" where there is none, and what is to be said about it."""
    program = configured or next((found for each in PROGRAMS if (found := shutil.which(each))), "")
    if not program or not Path(program).is_file():
        return "", Watcher("browser", False, "there is no Chromium: what pages ask for was not watched")
    if find_spec("playwright") is None:
        return "", Watcher("browser", False, "Playwright is not installed: what pages ask for was not watched")
    return program, Watcher("browser", True, f"every request of every page, in {program}")


def walk_pages(program: str, url: str, password: str, requests: Counter[str]) -> Callable[[], None]:
    """A step: sign in, ask, open the citation, and open every section of the admin pages."""

    def walk() -> None:
        from playwright.sync_api import Error, sync_playwright

        urls: list[str] = []
        # A root user's Chromium refuses to start with its sandbox, as in a container.
        flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=flags)
                context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 860})
                context.set_default_timeout(PATIENCE_MS)
                context.on("request", lambda request: urls.append(request.url))
                context.on("page", lambda page: page.on("websocket", lambda each: urls.append(each.url)))
                _walk(context, url, password)
                browser.close()
        except Error as exc:
            raise EngineUnavailable(f"The browser did not come to the end: {exc.message.splitlines()[0]}") from exc
        finally:
            requests.update(count_hosts(urls))

    return walk


def _walk(context: "object", url: str, password: str) -> None:
    from playwright.sync_api import BrowserContext

    assert isinstance(context, BrowserContext)
    page = context.new_page()
    page.goto(f"{url}/login")
    page.fill("#email", ADMIN)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.locator("#chat-input").fill(QUESTION)
    page.locator("#chat-submit:enabled").click()
    page.locator(".message-content h6").wait_for()
    page.locator(".message-content h6 + ul > li .element-link").first.click()
    page.locator("#side-view-title").wait_for()
    for path in (*(f"/admin{each}" for each in ADMIN_PAGES[:-1]), "/account", "/docs"):
        page.goto(url + path, wait_until="load")
