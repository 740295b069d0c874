"""What people do with the service, over HTTP: each step says so where it did not do what it should."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from app.cli.airgap import given
from app.cli.airgap.judge import Step
from app.cli.airgap.service import Service
from app.errors import CloisterError, EngineUnavailable

BASE: Final = "House"
ADMIN: Final = "admin"
WAIT_S: Final = 180.0
TIMEOUT_S: Final = 120.0
# Libraries that report home do so from a thread, seconds after their first use.
PATIENCE_S: Final = 8.0
ADMIN_PAGES: Final = (
    *("", "/knowledge-bases", "/sources", "/jobs", "/lab", "/insight", "/assistants", "/models", "/comparison"),
    *("/tools", "/connections", "/people", "/audit", "/settings", "/models/check"),
)


@dataclass(slots=True)
class Journey:
    """One walk through a running service. `api`: this machine's command line; `browser`: signed in with a cookie."""

    service: Service
    api: httpx.Client
    browser: httpx.Client
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def choose_password(self) -> None:
        """As the first admin, with the link that the service printed."""
        form = {"token": self.service.welcome_token, "password": self.password, "again": self.password}
        self._expect(self.browser.post("/welcome", data=form), 303)

    def sign_in(self) -> None:
        """With the password, in a fresh browser."""
        self.browser.cookies.clear()
        self._expect(self.browser.post("/login", data={"username": ADMIN, "password": self.password}), 200)

    def upload(self) -> None:
        """A text, a table, and a picture that OCR reads."""
        files = [("house.md", given.TEXT.encode()), ("visitors.csv", given.TABLE.encode())]
        sent = [("files", each) for each in (*files, ("notice.png", given.draw_notice()))]
        self._follow(self._post(f"/knowledge-bases/{BASE}/documents", files=sent))
        if len(self._get("/documents")) != len(sent):
            raise EngineUnavailable("Not all uploaded files became documents.")

    def crawl(self) -> None:
        """A site on this machine."""
        with given.local_site() as url:
            source = self._post(f"/knowledge-bases/{BASE}/sites", json={"urls": [url], "is_internal": True})
            self._follow(self._post(f"/sources/{source['id']}/check")["job"])
        if not any((each["url"] or "").startswith(url) for each in self._get("/documents")):
            raise EngineUnavailable("No page of the local site became a document.")

    def ask(self) -> None:
        """A question that the text answers."""
        answer = self._post("/ask", json={"query": given.QUESTION, "knowledge_bases": [BASE]})
        if not answer["citations"]:
            raise EngineUnavailable("The question was answered without a citation.")

    def ask_table(self) -> None:
        """A question that is computed."""
        answer = self._post("/ask", json={"query": given.TABLE_QUESTION, "knowledge_bases": [BASE]})
        if "245" not in answer["answer"]:
            raise EngineUnavailable("The table was not asked.")

    def listen(self) -> None:
        """An answer read aloud."""
        sound = self.api.post("/api/v1/speech", json={"text": "The boiler is serviced in May."})
        self._expect(sound, 200)

    def read_admin_pages(self) -> None:
        """Every section of the admin pages; one of them has all engines try themselves, the one that listens too."""
        for path in ADMIN_PAGES:
            self._expect(self.browser.get(f"/admin{path}"), 200)

    def look_at_pages(self) -> None:
        """The chat's own page, the page of the API, and the picture of a document's page."""
        for path in ("/", "/docs", "/account", f"/api/v1/documents/{self._picture_id()}/pages/1.png"):
            self._expect(self.browser.get(path), 200)

    def reindex(self) -> None:
        """All documents cut anew."""
        body = {"splitter": "sentence", "chunk_size": 64, "overlap": 0}
        self._follow(self._post(f"/knowledge-bases/{BASE}/reindex", json=body))

    def delete(self) -> None:
        """One document, and all that was made of it."""
        self._expect(self.api.delete(f"/api/v1/documents/{self._picture_id()}"), 200)

    def wait(self) -> None:
        """Long enough for a library that reports from a thread of its own."""
        time.sleep(PATIENCE_S)

    def steps(self) -> dict[str, Callable[[], None]]:
        """All of them in their order."""
        return {
            "choose the first admin's password": self.choose_password,
            "sign in": self.sign_in,
            "upload a text, a table and a picture (OCR)": self.upload,
            "crawl a local site": self.crawl,
            "ask a question": self.ask,
            "ask a table": self.ask_table,
            "read aloud": self.listen,
            "open the admin pages, try every engine": self.read_admin_pages,
            "open the chat, the API page, a page picture": self.look_at_pages,
            "re-index": self.reindex,
            "delete a document": self.delete,
            "wait for late reports": self.wait,
        }

    def _picture_id(self) -> str:
        return next(str(each["id"]) for each in self._get("/documents") if each["name"] == "notice.png")

    def _get(self, path: str) -> Any:
        return self._expect(self.api.get(f"/api/v1{path}"), 200).json()

    def _post(self, path: str, **content: Any) -> Any:
        answer = self.api.post(f"/api/v1{path}", **content)
        if not answer.is_success:
            raise EngineUnavailable(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def _follow(self, job: Any) -> None:
        give_up_at = time.monotonic() + WAIT_S
        while job["state"] in ("queued", "running"):
            if time.monotonic() > give_up_at:
                raise EngineUnavailable(f"A job was not done after {WAIT_S:.0f} s.")
            time.sleep(0.2)
            job = self._get(f"/jobs/{job['id']}")
        failed = [each for each in job["outcomes"] if each["status"] == "failed"]
        if job["state"] != "done" or failed:
            raise EngineUnavailable(f"A job ended as {job['state']}, {len(failed)} documents failed: {failed[:1]}")

    @staticmethod
    def _expect(answer: httpx.Response, status: int) -> httpx.Response:
        if answer.status_code != status:
            raise EngineUnavailable(f"{answer.request.url.path} answered {answer.status_code}, not {status}.")
        return answer


@contextmanager
def open_journey(service: Service) -> Iterator[Journey]:
    """A journey with its two clients."""
    bearer = {"Authorization": f"Bearer {service.local_token}"}
    with (
        httpx.Client(base_url=service.url, headers=bearer, timeout=TIMEOUT_S, trust_env=False) as api,
        httpx.Client(base_url=service.url, timeout=TIMEOUT_S, trust_env=False) as browser,
    ):
        yield Journey(service, api, browser)


def take(name: str, step: Callable[[], None]) -> Step:
    """Do one step; what goes wrong is what came of it."""
    begun = time.monotonic()
    try:
        step()
    except (CloisterError, httpx.HTTPError, LookupError) as exc:
        return Step(name, time.monotonic() - begun, str(exc) or type(exc).__name__)
    return Step(name, time.monotonic() - begun)
