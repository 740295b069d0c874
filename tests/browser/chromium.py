"""A real Chromium, a service to show it, and pictures of what it shows."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.running_service import free_port

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
# Where to leave pictures of the page for a person to look at; nowhere when it is not set.
PICTURES = os.environ.get("CLOISTER_TEST_PICTURES", "")
PATIENCE_S = 120
DATABASE_FILE = "cloister.sqlite"
# Part of what the browser says in its console when a page tries what its policy does not allow.
POLICY = "Content Security Policy"


def require_chromium() -> None:
    """Skip the test, loudly, where there is no browser."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"NO BROWSER: {CHROMIUM} is absent, so nothing is tested in one")


@contextmanager
def open_chromium(*flags: str) -> Iterator[Browser]:
    """The browser, from its start to its end. At the end, no page may have tried what its policy does not allow."""
    require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        refused = _watch_policy(browser)
        yield browser
        browser.close()
        assert not refused, "\n".join(sorted(set(refused)))


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its address, and the folder that it was given."""

    url: str
    folder: Path

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What its database answers."""
        (database,) = self.folder.rglob(DATABASE_FILE)
        with sqlite3.connect(database) as connection:
            return connection.execute(query, values).fetchall()


@contextmanager
def serving(module: str, folder: Path, *, ready: str = "/readyz") -> Iterator[Service]:
    """A service that `python -m module PORT FOLDER` runs, once its path `ready` answers."""
    require_chromium()
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, str(port), str(folder)])
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url + ready, process)
        yield Service(url, folder)
    finally:
        process.terminate()
        process.wait(30)


def take_picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """Leave a picture where the person who runs the tests wants them."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=full_page)


def _watch_policy(browser: Browser) -> list[str]:
    """What pages of this browser will have tried against their content security policy."""
    refused: list[str] = []
    open_context = browser.new_context

    def note(said: ConsoleMessage) -> None:
        if POLICY in said.text:
            refused.append(f"{said.location['url']}:{said.location['lineNumber']} {said.text}")

    def open_watched(**options: Any) -> BrowserContext:
        context = open_context(**options)
        context.on("console", note)
        return context

    browser.new_context = open_watched  # type: ignore[method-assign]
    return refused


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        assert process.poll() is None, "the service ended at its start"
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the service is not ready after {PATIENCE_S} s")
