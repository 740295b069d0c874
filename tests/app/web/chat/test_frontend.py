"""The stripped copy of Chainlit's page."""

import re
from pathlib import Path

import pytest

from app.web.chat.frontend import install_frontend, keep_pane_closed, strip_page, widen_pane
from app.web.chat.prepare import _chainlit_dir

SHIPPED = _chainlit_dir() / "frontend" / "dist"


def test_the_page_as_shipped_links_to_no_other_host_once_stripped() -> None:
    page = (SHIPPED / "index.html").read_text()
    assert re.search(r"""(href|src)=["']https?:""", page)
    assert not re.search(r"""(href|src)=["'](https?:)?//""", strip_page(page))


def test_our_styles_come_after_chainlits() -> None:
    page = strip_page((SHIPPED / "index.html").read_text())
    assert page.index("CSS INJECTION PLACEHOLDER") > page.index("/assets/index-")
    assert page.count("CSS INJECTION PLACEHOLDER") == 1


def test_the_installed_chainlit_still_has_the_line_that_opens_the_pane() -> None:
    scripts = [path.read_text() for path in (SHIPPED / "assets").glob("index-*.js")]
    assert [keep_pane_closed(script) != script for script in scripts] == [True]


def test_the_installed_chainlit_still_says_how_wide_the_pane_is() -> None:
    scripts = [path.read_text() for path in (SHIPPED / "assets").glob("index-*.js")]
    assert [widen_pane(script) != script for script in scripts] == [True]


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text('<head>\n<link href="https://fonts.invalid/x.css"></head>')
    (tmp_path / "dist" / "assets" / "index-1.js.map").write_text("{}")
    return tmp_path / "dist"


def test_a_second_start_leaves_the_copy_alone(shipped: Path, tmp_path: Path) -> None:
    first = install_frontend(shipped, "1", tmp_path / "chat")
    (first / "mark").touch()
    assert install_frontend(shipped, "1", tmp_path / "chat") == first
    assert (first / "mark").exists()
    assert not list(first.rglob("*.map"))


def test_a_new_chainlit_gets_a_new_copy_and_the_old_one_goes(shipped: Path, tmp_path: Path) -> None:
    install_frontend(shipped, "1", tmp_path / "chat")
    second = install_frontend(shipped, "2", tmp_path / "chat")
    assert [path.name for path in (tmp_path / "chat").iterdir()] == [second.name]
