"""Real wikis: what was edited, deleted, added and moved is what the next visit sees; an idle visit costs nothing."""

import time
from pathlib import Path

from app.domain import FormLogin, PageOutcome, SignIn
from app.services import Services
from tests.ingest.crawling import add, counts, pages_of_url, site_options, visit
from tests.ingest.sources.crawl.wikis import dokuwiki, mediawiki
from tests.taking_in import find


def names(services: Services) -> set[str]:
    return {passage.document for passage in find(services, "apples pears plums quinces fruit page")}


def test_an_edited_a_deleted_and_a_new_page_of_mediawiki_are_what_the_next_visit_sees(
    services: Services, tmp_path: Path
) -> None:
    with mediawiki(tmp_path / "wiki") as wiki:
        for name in ("Apples", "Pears", "Plums"):
            wiki.edit(name, f"All about {name.lower()}.\n\n== Use ==\n* jam\n* cake\n")
        time.sleep(1.1)  # changes of this second are looked at once more
        source_id = add(services, site_options(wiki.url))
        assert counts(visit(services, source_id)) == {"added": 4}
        assert names(services) == {"Apples", "Pears", "Plums", "Main Page"}

        idle = visit(services, source_id)
        assert (counts(idle), idle.requests, idle.embedded_chunks) == ({"unchanged": 4}, 2, 0)  # robots.txt, changes

        wiki.edit("Pears", "All about green pears.")
        wiki.delete("Plums")
        wiki.edit("Quinces", "All about quinces.")
        run = visit(services, source_id)
        assert counts(run) == {"added": 1, "changed": 1, "removed": 1, "unchanged": 2}
        assert pages_of_url(services, run, f"{wiki.url}/index.php/") == {
            "Pears": PageOutcome.CHANGED,
            "Plums": PageOutcome.REMOVED,
            "Quinces": PageOutcome.ADDED,
        }
        assert names(services) == {"Apples", "Pears", "Quinces", "Main Page"}


def test_a_moved_page_of_mediawiki_and_a_changed_template_are_seen(services: Services, tmp_path: Path) -> None:
    with mediawiki(tmp_path / "wiki") as wiki:
        wiki.edit("Template:Price", "three euros")
        wiki.edit("Pears", "Pears cost {{Price}}.")
        wiki.edit("Plums", "All about plums.")
        source_id = add(services, site_options(wiki.url))
        visit(services, source_id)
        time.sleep(1.1)  # within a second MediaWiki itself would show the page as it was
        wiki.edit("Template:Price", "four euros")
        wiki.move("Plums", "Damsons")
        run = visit(services, source_id)
        assert pages_of_url(services, run, f"{wiki.url}/index.php/") == {
            "Pears": PageOutcome.CHANGED,
            "Plums": PageOutcome.REMOVED,
            "Damsons": PageOutcome.ADDED,
        }
        assert any("four euros" in passage.text for passage in find(services, "pears cost"))
        assert "Plums" not in names(services)


def test_a_private_mediawiki_says_that_it_needs_a_sign_in(services: Services, tmp_path: Path) -> None:
    with mediawiki(tmp_path / "wiki", is_private=True) as wiki:
        run = visit(services, add(services, site_options(wiki.url)))
        assert "give this source a sign-in" in (run.error or "")


def test_a_private_mediawiki_is_read_after_its_form_let_us_in(services: Services, tmp_path: Path) -> None:
    with mediawiki(tmp_path / "wiki", is_private=True) as wiki:
        wiki.edit("Pears", "All about pears.")
        form = {"wpName": "Admin", "wpPassword": "correct horse battery"}
        sign_in = SignIn.of(form=FormLogin(f"{wiki.url}/index.php/Special:UserLogin", form))
        source_id = add(services, site_options(wiki.url), sign_in=sign_in)
        assert counts(visit(services, source_id)) == {"added": 2}


def test_an_edited_a_deleted_and_a_new_page_of_dokuwiki_are_what_the_next_visit_sees(
    services: Services, tmp_path: Path
) -> None:
    with dokuwiki(tmp_path / "wiki") as wiki:
        wiki.edit("start", "====== Fruit ======\n[[Apples]] [[Pears]] [[Plums]] [[Quinces]]\n")
        for name in ("Apples", "Pears", "Plums"):
            wiki.edit(name.lower(), f"====== {name} ======\nAll about {name.lower()}.\n")
        source_id = add(services, site_options(f"{wiki.url}/doku.php"))
        assert visit(services, source_id).pages[PageOutcome.ADDED] == 4
        assert names(services) == {"Fruit", "Apples", "Pears", "Plums"}
        idle = visit(services, source_id)
        assert (idle.pages[PageOutcome.UNCHANGED], idle.embedded_chunks) == (4, 0)

        wiki.edit("pears", "====== Pears ======\nAll about green pears.\n")
        wiki.delete("plums")
        wiki.edit("quinces", "====== Quinces ======\nAll about quinces.\n")
        run = visit(services, source_id)
        seen = {outcome: number for outcome, number in counts(run).items() if outcome not in ("moved", "left_out")}
        assert seen == {"added": 1, "changed": 1, "removed": 1, "unchanged": 2}
        assert names(services) == {"Fruit", "Apples", "Pears", "Quinces"}
