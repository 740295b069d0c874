"""The page of connections, as an admin sees it."""

from queue import SimpleQueue

from app.db.refusal_writer import RefusalWriter
from app.egress.allow_list import Allowed
from app.egress.attempts import Attempt
from app.services import Services
from tests.app.web.signed_in import Browser


def refuse(services: Services, *hosts: str) -> None:
    queue: SimpleQueue[Attempt | None] = SimpleQueue()
    for host in hosts:
        queue.put(Attempt(host, 443, "ingest.parse.word → unstructured"))
    RefusalWriter(services.database, queue).close()


def test_the_page_says_what_may_be_connected_to_and_why(admin: Browser, services: Services) -> None:
    services.allowed.put("settings", [Allowed("llm.internal", "generator.url")])
    page = admin.get("/admin/connections").text
    assert "Not enforced" in page
    assert "llm.internal" in page
    assert '<a href="/admin/settings#generator.url">' in page
    assert "Nothing was refused: only the processes that read files are watched." in page


def test_the_page_shows_refusals_and_finds_them(admin: Browser, services: Services) -> None:
    refuse(services, "collector.example.com", "fonts.example")
    page = admin.get("/admin/connections").text
    assert "collector.example.com" in page
    assert "ingest.parse.word → unstructured" in page
    page = admin.get("/admin/connections", q="fonts").text
    assert "fonts.example" in page
    assert "collector.example.com" not in page
    assert "No refused connection is like that." in admin.get("/admin/connections", q="nothing like it").text


def test_a_host_that_somebody_typed_is_shown_as_text(admin: Browser, services: Services) -> None:
    refuse(services, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in admin.get("/admin/connections").text


def test_refusals_can_be_forgotten(admin: Browser, services: Services) -> None:
    refuse(services, "collector.example.com")
    answer = admin.post("/admin/connections/forget")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/connections")
    page = admin.get("/admin/connections").text
    assert "1 line is forgotten." in page
    assert "collector.example.com" not in page
