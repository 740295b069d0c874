"""Documents added in the chat, in a real Chromium, on the real service with fakes for models."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.browser.adding_service import ADMIN, FILE_MB, READER
from tests.browser.chat_page import ask, sign_in
from tests.browser.chromium import Service, serving, take_picture

pytestmark = pytest.mark.browser

KEY = "the key of the file"
LEAVE = ["Parental leave", "", "Every parent receives 70 days of paid parental leave", "within two years of the birth."]
NOTES = "# Canteen\n\nThe canteen opens at noon and serves soup, bread and a dish of the day until two o'clock.\n"
HIGHLIGHT = (255, 233, 168)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving("tests.browser.adding_service", tmp_path_factory.mktemp("adding")) as service:
        yield service


@pytest.fixture(scope="module")
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """One window for the whole story of the admin."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(15_000)
    page = context.new_page()
    sign_in(page, service.url, ADMIN)
    yield page
    context.close()


def _drop(page: Page, *files: FilePayload) -> None:
    """Drag files onto the page and let go."""
    expect(page.locator("#upload-button")).to_be_enabled()
    dragged = page.evaluate_handle(
        """(files) => {
          const transfer = new DataTransfer();
          for (const [name, text] of files) transfer.items.add(new File([text], name, { type: "text/markdown" }));
          return transfer;
        }""",
        [[file["name"], file["buffer"].decode()] for file in files],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#message-composer", event, {"dataTransfer": dragged})
    expect(page.locator("#attachments > *")).to_have_count(len(files))


def _file(name: str, content: bytes | str, mime: str = "") -> FilePayload:
    return {"name": name, "mimeType": mime, "buffer": content.encode() if isinstance(content, str) else content}


def _slow_files(name: str, how_many: int) -> list[FilePayload]:
    text = "# {0} {1}\n\nWhat {0} {1} says is taken in slowly.\n"
    return [_file(f"{name}-{n}.md", text.format(name, n), "text/markdown") for n in range(how_many)]


def _pdf(*, password: str | None = None) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, encrypt=password)
    for lines in (["Employee handbook"], LEAVE):
        text = canvas.beginText(72, 760)
        text.setFont("Helvetica", 14)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _waiting_copies(service: Service) -> list[Path]:
    return [path for path in (service.folder / "chat" / ".files").rglob("*") if path.is_file()]


def test_two_files_and_a_question_are_answered_with_the_cited_page(page: Page, service: Service) -> None:
    files = [_file("handbook.pdf", _pdf(), "application/pdf"), _file("notes.md", NOTES, "text/markdown")]
    ask(page, "How many days of paid parental leave does every parent receive?", *files)
    done = page.locator(".ai-message .message-content", has_text="indexed in")
    expect(done).to_contain_text("2 documents, 2 pages, 2 chunks indexed in", timeout=20_000)
    expect(page.locator(".message-content h6")).to_have_text("Sources")
    take_picture(page, "adding-answer")
    page.locator(".message-content h6 + ul > li .element-link").first.click()
    picture = page.get_by_role("img", name="handbook.pdf, page 2, as a picture; highlighted")
    expect(picture).to_have_js_property("naturalWidth", 1000)
    take_picture(page, "adding-page")
    assert _marked_pixels(page, picture.get_attribute("src") or "") > 2_000
    assert not _waiting_copies(service)


def _marked_pixels(page: Page, path: str) -> int:
    """How many pixels of a picture of the service have the colour of the highlighter."""
    encoded = page.evaluate(
        """async (path) => {
          const bytes = new Uint8Array(await (await fetch(path)).arrayBuffer());
          return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
        }""",
        path,
    )
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    return sum(times for times, colour in picture.getcolors(1 << 24) or [] if colour == HIGHLIGHT)


def test_a_protected_file_is_opened_with_a_password_that_the_chat_never_sees(page: Page, service: Service) -> None:
    ask(page, "", _file("secret.pdf", _pdf(password=KEY), "application/pdf"))
    expect(page.locator("[data-step-type=user_message]").last).to_contain_text("Added: secret.pdf")
    failed = page.locator(".ai-message .message-content").last
    expect(failed).to_contain_text("1 document could not be added:")
    expect(failed).to_contain_text("a password is needed")
    page.get_by_role("button", name="Enter password").click()
    form = page.locator("#unlock")
    take_picture(page, "adding-password")
    form.get_by_label("Password").fill(KEY)
    form.get_by_role("button", name="Try again").click()
    expect(page.locator(".ai-message .message-content").last).to_contain_text("1 document, 2 pages, ")
    expect(page.get_by_role("button", name="Enter password")).to_have_count(0)
    assert KEY not in _dump(service, "steps", "threads", "elements")


def _dump(service: Service, *tables: str) -> str:
    return str([service.rows(f"SELECT * FROM {table}") for table in tables])


def test_a_job_is_cancelled_in_the_chat(page: Page) -> None:
    ask(page, "", *_slow_files("part", 9))
    progress = page.locator(".ai-message .message-content").last
    expect(progress.locator("h5")).to_contain_text("Adding 9 documents: ")
    expect(progress).to_contain_text("part-0.md — 1 chunk")
    expect(progress).to_contain_text("part-8.md — waiting")
    expect(progress).to_contain_text("per second")
    take_picture(page, "adding-progress")
    page.get_by_role("button", name="Cancel").click()
    expect(progress).to_contain_text("not added. What was indexed stays.")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_role("button", name="Try again")).to_have_count(1)
    take_picture(page, "adding-cancelled")


def test_a_file_beyond_the_limit_is_refused_with_a_sentence(page: Page) -> None:
    page.locator("#upload-button-input").set_input_files([_file("big.txt", "x" * (FILE_MB + 1 << 20), "text/plain")])
    expect(page.locator("[data-sonner-toaster]")).to_contain_text("Not taken: big.txt: The file has 3 MiB")
    expect(page.locator("#attachments > *")).to_have_count(0)


def test_a_chat_that_is_left_and_taken_up_again_shows_how_the_job_stands(page: Page, service: Service) -> None:
    _drop(page, *_slow_files("later", 4))
    ask(page, "")
    progress = page.locator(".ai-message .message-content").last
    expect(progress.locator("h5")).to_contain_text("Adding 4 documents: ")
    address = page.url
    page.goto(service.url)
    page.goto(address)
    taken_up = page.locator(".ai-message .message-content").last
    expect(taken_up).to_contain_text("4 documents, 4 chunks indexed in", timeout=20_000)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_the_page_is_readable_in_the_dark_and_on_a_phone(page: Page, browser: Browser) -> None:
    cookies = page.context.storage_state()
    for name, size in (("dark", ViewportSize(width=1280, height=860)), ("phone", ViewportSize(width=390, height=844))):
        with browser.new_context(viewport=size, color_scheme="dark", storage_state=cookies) as context:
            other = context.new_page()
            other.goto(page.url)
            other.locator(".message-content h6 + ul > li .element-link").first.click()
            expect(other.locator(".side-text img")).to_have_js_property("naturalWidth", 1000)
            take_picture(other, f"adding-{name}")
            assert other.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_whoever_may_not_add_documents_may_show_a_picture_only(browser: Browser, service: Service) -> None:
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        sign_in(page, service.url, READER)
        accepted = page.locator("#upload-button-input").get_attribute("accept") or ""
        assert "image/png" in accepted
        assert "pdf" not in accepted
        expect(page.locator("#upload-button")).to_be_enabled()
        page.locator("#upload-button-input").set_input_files([_file("notes.png", "# Notes", "image/png")])
        expect(page.get_by_text("Nur die Verwaltung darf hier Dokumente hinzufügen")).to_be_visible(timeout=30_000)
        expect(page.locator("#attachments > *")).to_have_count(0)
