"""The lab's pages: tried, asked, compared, applied and taken back."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.db import documents, generations, questions
from app.domain import ChunkingProfile, MemberRole, Splitter
from app.services import Services
from tests.app.web.signed_in import Browser
from tests.taking_in import open_base, take_in

Enter = Callable[..., Browser]
PATIENCE_S = 60
CSV = "question,document,quote\n" + "".join(
    f"How heavy is {name} {n}?,{name}.md,The {name} number {n} weighs\n" for name in ("apple", "pear") for n in range(6)
)


@pytest.fixture
def orchard(services: Services, tmp_path: Path) -> str:
    """A knowledge base with two documents; returns its id."""
    folder = tmp_path / "orchard"
    folder.mkdir()
    for name in ("apple", "pear"):
        told = " ".join(f"The {name} number {n} weighs {n + 3}00 grams in autumn." for n in range(12))
        (folder / f"{name}.md").write_text(f"# {name}\n\n{told} <b>&amp;</b>\n")
    take_in(services, folder)
    return open_base(services).id


@pytest.fixture
def keeper(services: Services, orchard: str, enter: Enter) -> Browser:
    """An admin of this knowledge base, not of the service."""
    services.warm_up()
    return enter("Kim", roles={orchard: MemberRole.ADMIN})


def follow(answer: Any, browser: Browser) -> str:
    assert answer.status_code in (204, 303), answer.text
    place = answer.headers.get("location") or answer.headers["hx-redirect"]
    return browser.get(place).text


def test_a_profile_is_drawn_on_a_documents_text(services: Services, orchard: str, keeper: Browser) -> None:
    with services.database.read() as session:
        apple = next(each.id for each in documents.list_briefs(session, [orchard]) if each.name == "apple.md")
    assert "By heading" in keeper.get(f"/admin/lab/{orchard}").text
    fields = {"document": apple, "splitter": "sentence", "chunk_size": "24", "overlap": "12"}
    drawn = keeper.get(f"/admin/lab/{orchard}/drawn", **fields).text
    assert drawn.count('<b class="n"') > 5
    assert '<span class="both">' in drawn
    assert "<b>&" not in drawn
    assert 'name="chunk_size" value="24"' in drawn


def test_a_document_of_another_knowledge_base_is_not_drawn(
    services: Services, orchard: str, keeper: Browser, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# Pay\n\nThe director earns a lot.\n")
    take_in(services, secret, kb="Other")
    with services.database.read() as session:
        (other,) = documents.list_briefs(session, [open_base(services, "Other").id])
    fields = {"document": other.id, "splitter": "sentence", "chunk_size": "24", "overlap": "0"}
    answer = keeper.get(f"/admin/lab/{orchard}/drawn", **fields)
    assert answer.status_code == 404
    assert "director" not in answer.text


def test_questions_are_written_imported_proposed_approved_and_removed(
    services: Services, orchard: str, keeper: Browser
) -> None:
    place = f"/admin/lab/{orchard}/questions"
    said = follow(keeper.post(f"{place}/file", files={"file": ("q.csv", CSV)}), keeper)
    assert "12 questions were kept" in said
    with services.database.read() as session:
        pear = next(each.id for each in documents.list_briefs(session, [orchard]) if each.name == "pear.md")
    fields = {"document": pear, "text": "What of pear 9?", "quote": "pear number 9 weighs 1200 grams"}
    assert "What of pear 9?" in follow(keeper.post(place, fields), keeper)
    assert keeper.post(place, {**fields, "quote": "words that are nowhere"}).status_code == 422
    assert "proposed" in follow(keeper.post(f"{place}/by-rule", {"count": "4"}), keeper)
    with services.database.read() as session:
        proposed = [each.id for each in questions.list_of(session, orchard) if not each.is_approved]
    assert len(proposed) == 4
    follow(keeper.post(f"{place}/approve", {"question": proposed[:2]}), keeper)
    follow(keeper.post(f"{place}/remove", {"question": proposed[2:]}), keeper)
    with services.database.read() as session:
        left = questions.list_of(session, orchard)
    assert (len(left), all(each.is_approved for each in left)) == (15, True)


def test_what_cannot_be_imported_is_said_row_by_row(orchard: str, keeper: Browser) -> None:
    wrong = CSV + "What else?,nowhere.md,words\n"
    answer = keeper.post(f"/admin/lab/{orchard}/questions/file", files={"file": ("q.csv", wrong)})
    assert answer.status_code == 200
    assert "12 questions were kept" in answer.text
    assert "nowhere.md" in answer.text


def test_ways_are_compared_applied_and_taken_back(services: Services, orchard: str, keeper: Browser) -> None:
    keeper.post(f"/admin/lab/{orchard}/questions/file", files={"file": ("q.csv", CSV)})
    before = open_base(services)
    started = keeper.post(
        f"/admin/lab/{orchard}/sweeps", {"sizes": "16, 32", "overlaps": "0", "splitter": ["sentence"], "ks": "2 4"}
    )
    assert started.status_code == 303, started.text
    place = started.headers["location"]
    give_up_at = time.monotonic() + PATIENCE_S
    while "<progress" in (page := keeper.get(f"{place}/standing").text):
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
    assert "<svg" in page
    assert page.count("<tr") == 1 + 5  # the heading; the present way, two sizes with two numbers of passages
    profile = {"splitter": "sentence", "chunk_size": "16", "overlap": "0"}
    assert "from now on" in follow(keeper.post(f"/admin/lab/{orchard}/apply", profile), keeper)
    assert open_base(services).profile == ChunkingProfile(Splitter.SENTENCE, 16, 0)
    back = keeper.post(f"/admin/lab/{orchard}/generations/{before.generation_id}/activate")
    assert "answers" in follow(back, keeper)
    assert open_base(services).profile == before.profile


@pytest.mark.parametrize("sizes", ["", "many", "8", "200000", "16;-3"])
def test_sizes_that_are_none_start_nothing(orchard: str, keeper: Browser, sizes: str) -> None:
    fields = {"sizes": sizes, "overlaps": "0", "splitter": ["sentence"]}
    assert keeper.post(f"/admin/lab/{orchard}/sweeps", fields).status_code == 422


def test_cutting_anew_without_a_trial_is_a_job(services: Services, orchard: str, keeper: Browser) -> None:
    profile = {"splitter": "sentence", "chunk_size": "20", "overlap": "0"}
    assert "being cut anew" in follow(keeper.post(f"/admin/lab/{orchard}/apply", profile), keeper)
    give_up_at = time.monotonic() + PATIENCE_S
    while open_base(services).profile.chunk_size != 20:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    with services.database.read() as session:
        kept = next(each for each in generations.list_of(session, orchard) if each.state == "kept")
    assert "its disk is free" in follow(keeper.post(f"/admin/lab/{orchard}/generations/{kept.id}/forget"), keeper)


def test_an_editor_tunes_nothing(orchard: str, enter: Enter) -> None:
    editor = enter("Ed", roles={orchard: MemberRole.EDITOR})
    for place in ("", "/questions", "/sweeps", "/generations"):
        assert editor.get(f"/admin/lab/{orchard}{place}").status_code == 403
    assert "Chunking lab" not in editor.get("/admin").text
