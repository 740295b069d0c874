"""The page about questions: what it shows to whom, and that its chart can be read without being seen."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.db import generations
from app.domain import ChunkingProfile, MemberRole, Splitter
from app.domain.figures import DayCount
from app.services import Services
from app.settings import load_settings
from app.web.admin.charts import HEIGHT, stack
from tests.app.web.admin.test_guard import make_base
from tests.app.web.signed_in import Browser
from tests.asked_in_chat import ask, shown
from tests.taking_in import open_base, take_in

Enter = Callable[..., Browser]


def test_the_page_has_figures_a_chart_with_its_table_and_what_went_badly(
    admin: Browser, services: Services, tmp_path: Path
) -> None:
    (tmp_path / "leave.md").write_text("Every parent receives 70 days.")
    leave = take_in(services, tmp_path / "leave.md", kb="Handbook")["leave.md"].document_id
    assert leave
    base = open_base(services, "Handbook").id
    ask(services, "Where is the <canteen>?", bases=[base], is_abstained=True)
    ask(services, "How many days?", bases=[base], passages=[shown(leave)], thumb=False, comment="outdated")
    page = admin.get("/admin/insight").text
    for said in ("Where is the &lt;canteen&gt;?", "How many days?", "outdated", f"{leave}.md", "page 3", "cited"):
        assert said in page, said
    assert f"/admin/lab/{base}/questions" in page
    assert f"/admin/knowledge-bases/{base}" in page
    assert "1 answered, 1 not found" in page
    assert page.count('<th scope="row">') == 30
    assert "ben" not in page.lower()


def test_the_page_of_a_new_service_says_what_to_do(admin: Browser) -> None:
    page = admin.get("/admin/insight").text
    assert "No question was asked in this period" in page
    assert "<svg" not in page


def test_the_period_and_the_knowledge_base_are_in_the_address(admin: Browser, services: Services) -> None:
    first, second = make_base(services, "First"), make_base(services, "Second")
    ask(services, "Of the first?", bases=[first], is_abstained=True)
    ask(services, "Of the second?", bases=[second], is_abstained=True)
    page = admin.get("/admin/insight", kb=first, days="7").text
    assert ("Of the first?" in page, "Of the second?" in page) == (True, False)
    assert page.count('<th scope="row">') == 7
    assert f'<option value="{first}" selected>' in page
    assert '<option value="30" selected>' in admin.get("/admin/insight", days="8").text
    assert admin.get("/admin/insight", kb="nowhere").status_code == 404


def test_a_base_admin_sees_nothing_of_other_knowledge_bases(services: Services, enter: Enter) -> None:
    mine, other = make_base(services, "Mine"), make_base(services, "Other")
    ask(services, "Of mine?", bases=[mine], is_abstained=True, thumb=False)
    ask(services, "Of both?", bases=[mine, other], is_abstained=True, thumb=False)
    eva = enter("Eva", roles={mine: MemberRole.ADMIN, other: MemberRole.READER})
    page = eva.get("/admin/insight").text
    assert ("Of mine?" in page, "Of both?" in page, "Other" in page, ">Database<" in page) == (
        True,
        False,
        False,
        False,
    )
    assert eva.get("/admin/insight", kb=other).status_code == 403
    assert "Of mine?" not in enter("Ben", roles={mine: MemberRole.EDITOR}).get("/admin/insight").text
    overview = eva.get("/admin").text
    assert ("Questions of the last 7 days" in overview, "Disk" in overview) == (True, False)
    assert "Questions of the last 7 days" not in enter("Ben").get("/admin").text


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [({"shows_questions": False}, "insight.shows_questions is off"), ({"keep_days": 0}, "insight.keep_days is 0")],
)
def test_the_page_says_which_setting_leaves_it_empty(
    admin: Browser, services: Services, setting: dict[str, int], sentence: str
) -> None:
    services.settings = load_settings({"data_dir": services.settings.data_dir, "insight": setting})
    assert sentence in admin.get("/admin/insight").text


def test_storage_shows_what_is_kept_for_a_way_back(admin: Browser, services: Services) -> None:
    base = open_base(services, "Handbook")
    with services.database.write() as session:
        new = generations.create(session, base.id, ChunkingProfile(Splitter.PAGE, 120, 0), "word-hash")
        generations.switch(session, new)
    page = re.sub(r"\s+", " ", admin.get("/admin/insight").text)
    assert "heading 200/30, 0 chunks, about 0 B" in page


def test_bars_stand_on_each_other_and_fit_below_a_round_number() -> None:
    first = date(2026, 3, 1)
    chart = stack([DayCount(first + timedelta(n), answered=3 * n, abstained=n) for n in range(4)])
    assert (chart.top, [tick.day for tick in chart.ticks]) == (20, [1, 2, 4])
    for bar in chart.bars:
        assert bar.answered_y + bar.answered_height == pytest.approx(HEIGHT)
        assert bar.abstained_y + bar.abstained_height == pytest.approx(bar.answered_y)
    assert chart.bars[3].answered_height == pytest.approx(HEIGHT * 9 / 20)
    assert stack([DayCount(first, 0, 0)]).top == 2
    assert [stack([DayCount(first, n, 0)]).top for n in (3, 5, 11, 21, 41, 99, 101)] == [4, 10, 20, 40, 100, 100, 200]
