"""What stands on and below an answer, in a real Chromium: chips while it is written, doubts, evidence, copying, asking
again, editing, tables; and all of it after a reload.

The tests tell one story in one window, in this order.
"""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.browser.answer_faces_service import MISSING
from tests.browser.chat_page import ask, enter_by_link
from tests.browser.chromium import Service, serving, take_picture
from tests.browser.fake_backend import TOKEN

pytestmark = pytest.mark.browser

WHY = "Not verified: the cited passages do not contain “12”, “3 March”."
# How high the answer was each time before it was painted, noted by the page itself.
NOTE_HEIGHTS = """
window.heights = [];
const painted = new ResizeObserver(([{ target }]) => target.isConnected && window.heights.push(target.offsetHeight));
new MutationObserver(() => {
  const answer = [...document.querySelectorAll("[data-step-type=assistant_message] .message-content")].at(-1);
  if (answer) painted.observe(answer);
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving("tests.browser.answer_faces_service", folder, ready="/seen") as service:
        yield service


def _count(service: Service, words: str) -> int:
    """How many rows of messages hold these words."""
    columns = "coalesce(output, '') || coalesce(input, '') || metadata"
    return int(service.rows(f"SELECT count(*) FROM steps WHERE instr({columns}, ?)", words)[0][0])


@pytest.fixture(scope="module")
def page(service: Service, browser: Browser) -> Iterator[Page]:
    """One window, signed in; the question whose answer is held back has been asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(15_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.add_init_script(NOTE_HEIGHTS)
    enter_by_link(page, f"{service.url}/welcome?token={TOKEN}")
    ask(page, "Leave for parents?")
    yield page
    context.close()


def _answer(page: Page) -> Locator:
    return page.locator("[data-step-type=assistant_message]").last


def _button(page: Page, name: str) -> Locator:
    return _answer(page).get_by_role("button", name=name)


def _copied(page: Page) -> str:
    _button(page, "Copy").click()
    expect(page.locator("#cloister-status")).to_have_text("Copied with its sources")
    return str(page.evaluate("navigator.clipboard.readText()"))


def _reopen(page: Page) -> None:
    page.reload()
    expect(_button(page, "Copy")).to_be_visible()


def test_chips_appear_and_show_their_quotes_before_the_answer_is_finished(page: Page) -> None:
    chips = _answer(page).locator(".element-link")
    expect(chips).to_have_count(2)
    expect(_answer(page)).to_contain_text("Tell your")
    expect(_answer(page)).not_to_contain_text("manager")
    chips.first.hover()
    shown = chips.first.evaluate("chip => getComputedStyle(chip, '::after').content")
    assert "employee-handbook.pdf, page 3" in shown
    assert "26 weeks" in shown
    take_picture(page, "answer-streaming")


def test_a_chip_opens_its_page_before_the_answer_is_finished(page: Page) -> None:
    _answer(page).locator(".element-link").first.click()
    expect(page.locator(".side-text img")).to_have_js_property("naturalWidth", 1000)
    page.locator("#side-view-title button").click()


def test_a_sentence_in_doubt_is_marked_before_the_answer_is_finished(page: Page) -> None:
    expect(_answer(page).locator("del")).to_have_attribute("data-why", WHY)


def test_a_sentence_in_doubt_says_why_to_the_mouse_and_to_the_keyboard(page: Page, service: Service) -> None:
    httpx.get(f"{service.url}/release")
    expect(_button(page, "Copy")).to_be_visible()
    _expect_why(page)


def test_nothing_jumped_while_the_answer_was_written(page: Page) -> None:
    heights = page.evaluate("window.heights")
    assert len(heights) > 2
    assert heights == sorted(heights)


def _expect_why(page: Page) -> None:
    doubt = _answer(page).locator("del")
    expect(doubt).to_contain_text("The form goes to 12 people by 3 March")
    assert "dotted" in doubt.evaluate("each => getComputedStyle(each).textDecoration")
    assert "line-through" not in doubt.evaluate("each => getComputedStyle(each).textDecoration")
    doubt.focus()
    expect(page.locator("#cloister-why")).to_have_text(WHY)
    page.keyboard.press("Escape")
    expect(page.locator("#cloister-why")).to_be_hidden()
    page.mouse.move(
        *doubt.evaluate("each => { const line = each.getClientRects()[0]; return [line.left + 5, line.top + 5] }")
    )
    expect(page.locator("#cloister-why")).to_have_text(WHY)
    take_picture(page, "answer-doubt")


def test_an_answer_says_how_long_it_took(page: Page) -> None:
    expect(_answer(page).locator(".timings")).to_have_text("answered in 4.2 s · search 0.09 s · first word 1.4 s")


def test_evidence_unfolds_all_passages_with_their_scores(page: Page) -> None:
    _button(page, "Evidence").click()
    _expect_evidence(page)
    take_picture(page, "answer-evidence")
    _button(page, "Evidence").click()
    expect(page.locator("[data-step-type=tool] blockquote")).to_have_count(0)


def _expect_evidence(page: Page) -> None:
    evidence = page.locator("[data-step-type=tool]").last
    expect(evidence.locator("blockquote")).to_have_count(3)
    scores = evidence.locator("blockquote + [role=article]")
    expect(scores).to_have_text(
        [
            "cited · score 1.000 · similarity 0.70",
            "cited · score 0.500 · similarity 0.70",
            "score 0.333 · similarity 0.70",
        ]
    )
    expect(_button(page, "Evidence")).to_have_attribute("aria-expanded", "true")


def test_copying_gives_the_text_with_its_doubts_and_numbered_sources(page: Page) -> None:
    copied = _copied(page)
    assert copied.startswith("Each parent may take **26 weeks** of parental leave within two years of the birth [1].")
    assert f"Not verified:\n- The form goes to {MISSING[0]} people by {MISSING[1]} [2]." in copied
    assert "\n[1] employee-handbook.pdf, page 3: “Each parent may take parental leave" in copied
    assert "\n[2] forms.md, Forms › Leave request: “The form asks” (not verified" in copied
    assert "~~" not in copied


def test_after_a_reload_the_answer_has_all_of_this_still(page: Page) -> None:
    before = _copied(page)
    _reopen(page)
    _expect_why(page)
    expect(_answer(page).locator(".timings")).to_contain_text("answered in 4.2 s")
    _button(page, "Evidence").click()
    _expect_evidence(page)
    _button(page, "Evidence").click()
    assert _copied(page) == before
    _answer(page).locator(".element-link").first.click()
    expect(page.locator(".side-text img")).to_have_js_property("naturalWidth", 1000)
    page.locator("#side-view-title button").click()


def test_another_answer_takes_the_place_of_the_last_one(page: Page, service: Service) -> None:
    ask(page, "Who answers this?")
    expect(_answer(page)).to_contain_text("This is answer 1 to")
    expect(page.locator("[id^=ask_again-]")).to_have_count(1)
    _button(page, "Ask again").click()
    expect(_answer(page)).to_contain_text("This is answer 2 to")
    expect(page.locator("[data-step-type=assistant_message]")).to_have_count(2)
    expect(page.locator("[data-step-type=tool]")).to_have_count(2)
    _reopen(page)
    expect(_answer(page)).to_contain_text("This is answer 2 to")
    expect(page.locator("[data-step-type=assistant_message]")).to_have_count(2)
    expect(page.locator("[data-step-type=tool]")).to_have_count(2)
    assert _count(service, "This is answer 1 to") == 0


def test_asking_again_sends_the_history_without_the_old_answer(page: Page, service: Service) -> None:
    _button(page, "Ask again").click()
    expect(_answer(page)).to_contain_text("This is answer 3 to")
    history = httpx.get(f"{service.url}/seen").json()["histories"][-1]
    assert [role for role, _ in history] == ["user", "assistant"]
    assert history[0][1] == "Leave for parents?"


def test_an_answer_stays_when_there_is_no_other(page: Page) -> None:
    ask(page, "What a flaky model?")
    expect(_answer(page)).to_contain_text("This is answer 1 to")
    _button(page, "Ask again").click()
    expect(page.locator("[data-sonner-toaster]")).to_contain_text("warming up")
    expect(_answer(page)).to_contain_text("This is answer 1 to")
    _reopen(page)
    expect(_answer(page)).to_contain_text("This is answer 1 to")
    expect(_button(page, "Ask again")).to_be_visible()


def test_stopping_before_another_answer_brings_the_last_one_back(page: Page) -> None:
    ask(page, "What a slow model?")
    expect(_answer(page)).to_contain_text("This is answer 1 to “What a slow")
    _button(page, "Ask again").click()
    expect(page.locator("[data-step-type=assistant_message]")).to_have_count(3)
    page.locator("#stop-button").click()
    expect(_answer(page)).to_contain_text("This is answer 1 to “What a slow")
    expect(_button(page, "Ask again")).to_be_enabled()
    expect(page.locator("[data-step-type=tool]")).to_have_count(4)


def test_an_edited_question_is_answered_and_nothing_of_what_followed_is_kept(page: Page, service: Service) -> None:
    edit = page.locator("[data-step-type=user_message]").nth(1).get_by_role("button", name="Edit the question")
    edit.focus()
    page.keyboard.press("Enter")
    page.locator("#edit-chat-input").fill("Who edits this?")
    page.keyboard.press("Enter")
    expect(_answer(page)).to_contain_text("This is answer 1 to “Who edits this?”")
    expect(_button(page, "Copy")).to_be_visible()
    expect(page.locator("[data-step-type=user_message]")).to_have_text(["Leave for parents?", "Who edits this?"])
    _reopen(page)
    expect(page.locator("[data-step-type=user_message]")).to_have_text(["Leave for parents?", "Who edits this?"])
    expect(page.locator("[data-step-type=tool]")).to_have_count(2)
    assert _count(service, "Who answers this?") == _count(service, "flaky") == _count(service, "slow") == 0
    # Two runs, each with question, search and answer.
    assert service.rows("SELECT count(*) FROM steps") == [(8,)]


def test_escape_leaves_a_question_as_it_was(page: Page) -> None:
    page.locator(".edit-message").last.focus()
    page.keyboard.press("Enter")
    page.locator("#edit-chat-input").fill("Something else")
    page.keyboard.press("Escape")
    expect(page.locator("#edit-chat-input")).to_have_count(0)
    expect(page.locator("[data-step-type=user_message]").last).to_have_text("Who edits this?")


def test_a_computed_answer_shows_its_table_and_its_sql_when_asked_for(page: Page) -> None:
    ask(page, "Orders by region?")
    expect(_button(page, "Copy")).to_be_visible()
    _expect_table(page)
    _reopen(page)
    _expect_table(page)
    copied = _copied(page)
    assert "| Region 1 [1] <b> | 1234.5 | 2024-03-01 |" in copied
    assert "How this was computed:\n\n````sql\nSELECT region" in copied


def _expect_table(page: Page) -> None:
    answer = _answer(page)
    expect(answer).to_contain_text("“yesterday” did not go into the computation.")
    expect(answer.locator("tbody tr")).to_have_count(10)
    expect(answer.locator("tbody tr").first).to_have_text("Region 1 [1] <b>1,234.502024-03-01")
    expect(answer).to_contain_text("The first 10 of 12 rows.")
    sql = answer.locator("code.language-sql")
    expect(sql).to_be_hidden()
    fold = answer.get_by_role("button", name="How this was computed")
    fold.focus()
    page.keyboard.press("Enter")
    expect(sql).to_contain_text("WHERE status = 'paid' AND list[ 1 ] <> '```'")
    expect(sql).to_be_visible()
    answer.locator(".element-link").first.click()
    expect(page.locator(".side-text")).to_contain_text("region,amount,day")
    page.locator("#side-view-title button").click()
    take_picture(page, "answer-table")


def test_on_a_phone_in_german_the_row_and_the_table_stay_inside_the_screen(page: Page, browser: Browser) -> None:
    cookies = page.context.storage_state()
    phone = ViewportSize(width=390, height=844)
    with browser.new_context(
        viewport=phone, has_touch=True, color_scheme="dark", locale="de-DE", storage_state=cookies
    ) as context:
        small = context.new_page()
        small.goto(page.url)
        expect(_button(small, "Kopieren")).to_be_visible()
        expect(_button(small, "Belege")).to_be_visible()
        expect(small.get_by_role("button", name="Die Frage bearbeiten").first).to_be_attached()
        expect(small.get_by_role("button", name="Nicht hilfreich").first).to_be_attached()
        assert small.evaluate("document.documentElement.scrollWidth") == phone["width"]
        take_picture(small, "answer-phone")


def test_without_a_clipboard_the_answer_is_copied_the_old_way(page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    _button(page, "Copy").click()
    expect(page.locator("#cloister-status")).to_have_text("Copied with its sources")
    assert "North sold most" in str(page.evaluate("navigator.clipboard.readText()"))
