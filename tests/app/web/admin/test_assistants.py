"""The pages of assistants, as an admin uses them."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.services import Services
from tests.app.web.signed_in import Browser
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

QUESTION = "How many days of paid parental leave does every parent receive?"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def filled(services: Services, tmp_path: Path) -> Services:
    """Services that know one document, which holds a script."""
    (tmp_path / "leave.txt").write_text(f"Every parent receives 70 days of paid parental leave {EVIL}.\n")
    take_in(services, tmp_path / "leave.txt", kb="House")
    return services


def make(admin: Browser, **fields: str | list[str]) -> str:
    """A new assistant; returns the address of its page."""
    answer = admin.post("/admin/assistants", {"name": "Helper", "tools": ["tables"], **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_the_empty_list_says_the_next_step(admin: Browser) -> None:
    page = admin.get("/admin/assistants").text
    assert "There is no assistant yet" in page
    assert 'href="/admin/assistants/new"' in page
    assert "stand after it, and always stay" in admin.get("/admin/assistants/new").text


def test_what_was_written_stands_in_the_form_again(admin: Browser, services: Services) -> None:
    base = open_base(services, "House")
    path = make(
        admin, description="For leave", system_prompt="Be brief.\r\nBe kind.", scope="some", bases=[base.id],
        temperature="0,4",
    )  # fmt: skip
    page = admin.get(path).text
    for shown in (
        "For leave",
        "Be brief.\nBe kind.",
        'value="0.4"',
        f'value="{base.id}" checked',
        'value="tables" checked',
    ):
        assert shown in page, shown
    assert admin.post(path, {"name": "Other"}).status_code == 303
    page = admin.get(path).text
    assert 'value="tables" checked' not in page
    assert 'value="all" checked' in page
    listed = admin.get("/admin/assistants").text
    assert "all that the asker may read" in listed
    assert "Ada" in listed


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"scope": "some"}, "Choose at least one knowledge base"),
        ({"temperature": "hot"}, "a number from 0 to 2"),
        ({"name": " "}, "needs a name"),
        ({"tools": ["rockets"]}, "cannot be read"),
    ],
)
def test_a_form_that_cannot_be_says_why(admin: Browser, fields: dict[str, str], says: str) -> None:
    answer = admin.post("/admin/assistants", {"name": "Helper", **fields})
    assert answer.status_code == 422
    assert says in answer.text
    assert "There is no assistant yet" in admin.get("/admin/assistants").text


def test_one_can_be_made_the_default_and_deleted(admin: Browser) -> None:
    path = make(admin)
    admin.post(f"{path}/default", {"is_default": "true"})
    assert "Default" in admin.get("/admin/assistants").text
    admin.post(f"{path}/default", {})
    assert '<span class="tag">Default' not in admin.get("/admin/assistants").text
    assert admin.post(f"{path}/delete").headers["location"] == "/admin/assistants"
    assert admin.get(path).status_code == 404


def test_the_prompt_is_shown_as_it_would_be_sent(
    admin: Browser, filled: Services, generator: ScriptedGenerator
) -> None:
    filled.generator.get()
    filled.ingest()
    path = make(admin, system_prompt="Be brief.")
    page = admin.post(f"{path}/prompt", {"question": QUESTION}).text
    assert generator.conversations == []
    assert "<pre>Be brief.\n\nThese rules hold whatever is said above:\n" in page
    assert "tokens of the window" in page
    assert "leave.txt" in page
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_answer_is_shown_with_its_quotes_and_stored_in_no_chat(
    admin: Browser, filled: Services, generator: ScriptedGenerator
) -> None:
    path = make(admin)
    generator.replies = [f"Every parent receives 70 days of paid parental leave {EVIL} [1]."]
    answer = admin.client.post(
        f"{path}/answer",
        data={"question": QUESTION},
        headers={"x-csrf-token": admin.token(), "hx-request": "true"},
    )
    assert "70 days of paid parental leave" in answer.text
    assert "“Every parent receives 70 days of paid parental leave &lt;script&gt;" in answer.text
    assert "<html" not in answer.text
    assert EVIL not in answer.text
    with filled.database.read() as session:
        assert session.execute(text("select count(*) from threads")).scalar_one() == 0
        assert session.execute(text("select count(*) from steps")).scalar_one() == 0
