"""The structure of real pages in Markdown, against the structure of their HTML."""

import tarfile
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.sources.crawl.page import read_html

ARCHIVE = Path(__file__).parents[5] / "shared" / "fixtures" / "wiki" / "litestar-v1.tar.xz"
HOST = "https://docs.example/"
PAGES = (
    "getting-started.html",
    "usage/routing/handlers.html",
    "usage/routing/parameters.html",
    "usage/middleware/builtin-middleware.html",
    "usage/dependency-injection.html",
    "usage/exceptions.html",
    "usage/security/jwt.html",
    "topics/sync-vs-async.html",
    "usage/caching.html",
    "usage/responses.html",
)


@pytest.fixture(scope="module")
def wiki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not ARCHIVE.exists():
        pytest.skip(f"there is no {ARCHIVE.name}: the real pages are not read")
    folder = tmp_path_factory.mktemp("wiki")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_headings_code_tables_lists_and_links_arrive_and_navigation_does_not(wiki: Path, name: str) -> None:
    content = (wiki / name).read_bytes()
    page = read_html(content, HOST + name)
    main = BeautifulSoup(content, "lxml").select_one("article[role=main], main article, article")
    assert main is not None
    items = [
        each for each in main.find_all("li") if each.find_parent("table") is None
    ]  # cells have no lists in Markdown
    tokens = MarkdownIt("commonmark").enable("table").parse(page.markdown)

    assert Counter(_headings(tokens)) == Counter(
        (each.name, _bare(each.get_text().removesuffix("¶").removesuffix("#")))
        for each in main.find_all(["h1", "h2", "h3", "h4"])
    )
    wanted = Counter((_language(each), _bare(each.get_text())) for each in main.find_all("pre"))
    assert Counter((each.info, _bare(each.content)) for each in tokens if each.type == "fence") == wanted
    assert _count(tokens, "tr_open") == len(main.find_all("tr"))
    assert _deepest_list(tokens) == max((len(each.find_parents(["ul", "ol"])) for each in items), default=0)
    assert _count(tokens, "list_item_open") == len(items)
    outside = {a["href"] for a in main.select("a[href^=http]")}
    assert outside <= {
        str(child.attrs["href"]) for each in tokens for child in each.children or () if child.type == "link_open"
    }
    for navigation in ("Toggle", "Edit this page", "Back to top", "Next", "Previous", "Copyright"):
        assert f"\n{navigation}" not in page.markdown


def _headings(tokens: list[Token]) -> list[tuple[str, str]]:
    return [
        (each.tag, _bare("".join(child.content for child in tokens[at + 1].children or ())))
        for at, each in enumerate(tokens)
        if each.type == "heading_open" and each.tag in ("h1", "h2", "h3", "h4")
    ]


def _language(block: Tag) -> str:
    for parent in block.find_parents("div"):
        for each in parent.get_attribute_list("class"):
            if each and each.startswith("highlight-"):
                name = each.removeprefix("highlight-")
                return "" if name in ("default", "text", "none") else name
    return ""


def _count(tokens: list[Token], kind: str) -> int:
    return sum(each.type == kind for each in tokens)


def _deepest_list(tokens: list[Token]) -> int:
    depth = deepest = 0
    for each in tokens:
        if each.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
            deepest = max(deepest, depth)
        elif each.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
    return deepest


def _bare(text: str) -> str:
    return "".join(text.split())
