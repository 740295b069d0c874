"""Pages that need JavaScript, opened in a browser (Playwright, where it is installed).

The browser itself reaches nothing: whatever a page asks for is fetched by our own client, with its checks of addresses,
sizes and credentials, and handed to it. Only reading is allowed.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from app.errors import EngineUnavailable, Rejected

PAGES_AT_ONCE: Final = 2
TIMEOUT_S: Final = 20.0
# What a page needs to show its words.
NEEDED: Final = frozenset({"document", "script", "xhr", "fetch"})
# No name is looked up and no service of the browser's maker is asked: all of it comes through `_answer`.
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@dataclass(slots=True)
class Renderer:
    """Opens one page after the other, a few at a time."""

    browser: Any
    client: httpx.AsyncClient
    _seats: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PAGES_AT_ONCE))

    async def render(self, url: str) -> str:
        """The page's HTML once its scripts have settled. Raises Rejected when it does not get that far."""
        from playwright.async_api import Error

        async with self._seats:
            context = await self.browser.new_context(service_workers="block", accept_downloads=False)
            try:
                await context.route("**/*", lambda route: self._answer(route))
                page = await context.new_page()
                await page.goto(url, wait_until="networkidle", timeout=TIMEOUT_S * 1_000)
                return str(await page.content())
            except Error as exc:
                raise Rejected(f"The browser could not show it within {TIMEOUT_S:.0f} s.") from exc
            finally:
                await context.close()

    async def _answer(self, route: Any) -> None:
        request = route.request
        if request.method != "GET" or request.resource_type not in NEEDED:
            await route.abort()
            return
        try:
            answer = await self.client.get(request.url, headers=_accepted(request), follow_redirects=True)
        except (httpx.HTTPError, Rejected):
            await route.abort()
            return
        kept = {
            name: answer.headers[name]
            for name in ("content-type", "access-control-allow-origin")
            if name in answer.headers
        }
        await route.fulfill(status=answer.status_code, headers=kept, body=answer.content)


@asynccontextmanager
async def opened_browser(client: httpx.AsyncClient, executable: str) -> AsyncIterator[Renderer]:
    """A browser for one crawl. `executable`: its path; empty for the one that Playwright installed.

    Raises EngineUnavailable with what to install.
    """
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as exc:
        raise EngineUnavailable(
            "This source opens its pages in a browser, and Playwright is not installed: run “pip install playwright” "
            "in the service's environment, or let the source do without (renders)."
        ) from exc
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=executable or None,
                args=list(_FLAGS),
                chromium_sandbox=os.geteuid() != 0,  # Chromium has none for root
            )
        except Error as exc:
            raise EngineUnavailable(
                "Playwright finds no browser: run “playwright install chromium”, or name one in crawl.browser."
            ) from exc
        try:
            yield Renderer(browser, client)
        finally:
            await browser.close()


def _accepted(request: Any) -> dict[str, str]:
    accept = request.headers.get("accept")
    return {"Accept": accept} if accept else {}
