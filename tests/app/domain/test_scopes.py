from typing import Any

import pytest

from app.domain.scopes import Scope, fold_starts
from app.errors import Rejected


def scope_of(start: str, **bounds: Any) -> Scope:
    return Scope(fold_starts([start]), **bounds)


def test_a_crawl_stays_in_the_folder_of_its_start() -> None:
    scope = scope_of("https://wiki.example/docs/index.html")
    assert scope.admits("https://wiki.example/docs/setup.html")
    for outside in (
        "https://wiki.example/blog/",
        "https://other.example/docs/",
        "http://wiki.example/docs/",
        "https://wiki.example.evil.example/docs/",
        "https://wiki.example:8443/docs/",
    ):
        assert not scope.admits(outside)


def test_a_crawl_of_a_whole_host_stays_on_it() -> None:
    scope = scope_of("https://wiki.example/docs/index.html", below_start=False)
    assert scope.admits("https://wiki.example/blog/")
    assert not scope.admits("https://other.example/")


def test_patterns_say_what_belongs_and_what_does_not() -> None:
    scope = scope_of("https://wiki.example/", include=("/docs/*",), exclude=("*/old/*", "*.zip"))
    assert scope.admits("https://wiki.example/docs/a")
    assert not scope.admits("https://wiki.example/blog/a")
    assert not scope.admits("https://wiki.example/docs/old/a")
    assert not scope.admits("https://wiki.example/docs/a.zip")
    assert scope.admits("https://wiki.example/")


@pytest.mark.parametrize(
    "page",
    [
        "/index.php/Special:RecentChanges",
        "/index.php?title=Special:UserLogin",
        "/index.php?action=edit&title=A",
        "/index.php?oldid=12&title=A",
        "/wiki/User:Anna",
        "/doku.php?do=edit&id=start",
        "/doku.php?id=start&rev=1",
        "/pages/editpage.action?pageId=1",
        "/books/a/page/b/revisions",
        "/login",
        "/users/sign-in?x=1",
    ],
)
def test_pages_about_pages_are_left_out_unless_wanted(page: str) -> None:
    assert not scope_of("https://wiki.example/").admits(f"https://wiki.example{page}")
    assert scope_of("https://wiki.example/", all_pages=True).admits(f"https://wiki.example{page}")


@pytest.mark.parametrize(
    "page",
    [
        "/index.php/Specialties",
        "/wiki/Login_procedure",
        "/doku.php?id=start",
        "/wiki/Talking",
        "/registering",
        "/a?do=show",
    ],
)
def test_pages_that_only_sound_like_it_stay(page: str) -> None:
    assert scope_of("https://wiki.example/").admits(f"https://wiki.example{page}")


@pytest.mark.parametrize("start", ["wiki.example", "file:///etc/passwd", "ftp://wiki.example/"])
def test_a_start_that_is_no_web_address_is_refused(start: str) -> None:
    with pytest.raises(Rejected, match="http"):
        scope_of(start)
