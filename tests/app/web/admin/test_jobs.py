"""The list of jobs, what it sends to those who watch it, and one job with its documents and its log."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, update
from starlette.requests import Request

from app.db import jobs, members
from app.db.columns import utc_now
from app.db.people_tables import Person
from app.db.sealing import SealedText
from app.db.tables import JobItemRow, JobRow
from app.domain import ChunkingProfile, FoundFile, ItemStatus, JobState, MemberRole, Splitter
from app.errors import Forbidden
from app.services import Services
from app.web.admin.job_watch import END, QUIET_S, JobWatch, follow
from app.web.api.problems import NotSignedIn
from tests.app.web.signed_in import Browser
from tests.taking_in import open_base, start, wait_for

Enter = Callable[..., Browser]
HOSTILE = '<img src=x onerror="alert(1)">.md'


def queue(services: Services, *names: str, kb: str = "Documents", person_id: str = "local", **facts: Any) -> str:
    """A job that is written down and that nobody works on."""
    files = [FoundFile(name, f"upload:{name}", f"hash of {name}", 10) for name in names]
    base = open_base(services, kb)
    with services.database.write() as session:
        return jobs.create_job(session, knowledge_base_id=base.id, requested_by=person_id, files=files, **facts)


def begin(services: Services, job_id: str, **by_name: ItemStatus) -> None:
    """Let a job run, and its documents stand like this."""
    with services.database.write() as session:
        jobs.start_job(session, job_id)
        for name, status in by_name.items():
            of_name = (col(JobItemRow.job_id) == job_id, col(JobItemRow.source) == f"{name}.md")
            session.execute(update(JobItemRow).where(*of_name).values(status=status, progress=1.0, chunks=7, pages=2))


def end(services: Services, job_id: str, error: str | None = None) -> None:
    with services.database.write() as session:
        jobs.finish_job(session, job_id, error=error)


def watching(browser: Browser, services: Services, query: str = "") -> JobWatch:
    """What the stream does for this person's list."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    headers = [(b"cookie", cookies.encode()), (b"accept-language", b"en")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/admin/jobs/stream",
        "query_string": query.encode(),
        "headers": headers,
        "app": browser.client.app,
        "server": ("testserver", 80),
        "scheme": "http",
    }
    return JobWatch(Request(scope), services)


# --- the list ------------------------------------------------------------------------------------


def test_a_job_is_listed_with_what_it_is_who_asked_and_what_came_of_it(admin: Browser, services: Services) -> None:
    job_id = queue(services, "a.md", "b.md", "c.md", person_id=admin.person_id)
    begin(services, job_id, a=ItemStatus.INDEXED, b=ItemStatus.FAILED)
    running = admin.get("/admin/jobs").text
    assert "a.md and 2 more" in running
    assert "2 of 3 documents" in running
    assert '<progress max="100" value="66"' in running
    assert "Ada" in running
    end(services, job_id)
    over = admin.get("/admin/jobs").text
    assert "3 documents, 4 pages, 14 chunks" in over
    assert "1 document was not taken in" in over
    assert "<progress" not in over


def test_an_empty_list_says_the_next_step(admin: Browser) -> None:
    page = admin.get("/admin/jobs").text
    assert "There is no job yet" in page
    assert 'href="/admin/knowledge-bases"' in page


def test_the_list_is_searched_and_sorted(admin: Browser, services: Services) -> None:
    queue(services, "a.md", kb="Alpha")
    queue(services, "b.md", kb="Beta")
    found = admin.get("/admin/jobs", q="beta").text
    assert "b.md" in found
    assert "a.md" not in found
    assert "No job is found" in admin.get("/admin/jobs", q="gamma").text
    for sort, order in (("base", ["a.md", "b.md"]), ("-base", ["b.md", "a.md"]), ("-asked", ["b.md", "a.md"])):
        rows = admin.get("/admin/jobs", sort=sort).text
        assert sorted(["a.md", "b.md"], key=rows.index) == order


def test_names_from_outside_are_shown_as_text(admin: Browser, services: Services) -> None:
    job_id = queue(services, HOSTILE)
    for path in ("/admin/jobs", f"/admin/jobs/{job_id}"):
        page = admin.get(path).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
    (sent,) = watching(admin, services).news()
    assert "<img src=x" not in sent


def test_a_re_index_and_a_trial_show_their_profile(admin: Browser, services: Services) -> None:
    base = open_base(services)
    take = services.ingest().reindexing
    profile = ChunkingProfile(Splitter.SENTENCE, 100, 10)
    wait_for(services, take.begin(base.id, profile, person_id="local", is_trial=True))
    page = admin.get("/admin/jobs").text
    assert "Trial" in page
    assert "sentence 100/10" in page


# --- who may what --------------------------------------------------------------------------------


def test_an_editor_sees_jobs_of_their_own_knowledge_bases_only(services: Services, enter: Enter) -> None:
    mine, other = queue(services, "mine.md", kb="Mine"), queue(services, "other.md", kb="Other")
    read_only = queue(services, "read.md", kb="Read")
    roles = {open_base(services, "Mine").id: MemberRole.EDITOR, open_base(services, "Read").id: MemberRole.READER}
    editor = enter("Ben", roles=roles)
    page = editor.get("/admin/jobs").text
    assert "mine.md" in page
    assert "other.md" not in page
    assert "read.md" not in page
    for path, status in ((mine, 200), (other, 404), (read_only, 403)):
        assert editor.get(f"/admin/jobs/{path}").status_code == status
        assert editor.get(f"/admin/jobs/{path}/log").status_code == status
    for job_id, status in ((other, 404), (read_only, 403), (mine, 303)):
        assert editor.post(f"/admin/jobs/{job_id}/cancel").status_code == status
    (sent,) = watching(editor, services).news()
    assert "mine.md" in sent
    assert "other.md" not in sent
    assert "read.md" not in sent


def test_an_editor_sees_neither_buttons_nor_paths_of_what_is_an_admins(services: Services, enter: Enter) -> None:
    base = open_base(services)
    watched = queue(services, source_id="s", paths=[Path("/srv/secret/share")])
    roles = {base.id: MemberRole.EDITOR}
    editor, admin_of_base = enter("Ben", roles=roles), enter("Eve", roles={base.id: MemberRole.ADMIN})
    for path in ("/admin/jobs", f"/admin/jobs/{watched}"):
        assert "/srv/secret" not in editor.get(path).text
        assert "/srv/secret" in admin_of_base.get(path).text
        assert f"/admin/jobs/{watched}/cancel" not in editor.get(path).text
        assert f"/admin/jobs/{watched}/cancel" in admin_of_base.get(path).text
    assert editor.post(f"/admin/jobs/{watched}/cancel").status_code == 403
    assert admin_of_base.post(f"/admin/jobs/{watched}/cancel").status_code == 303


def test_a_job_is_cancelled_and_taken_from_the_list(admin: Browser, services: Services) -> None:
    job_id = queue(services, "a.md")
    assert admin.post(f"/admin/jobs/{job_id}/remove").status_code == 422
    assert admin.post(f"/admin/jobs/{job_id}/cancel", {"back": "list"}).headers["location"] == "/admin/jobs"
    with services.database.read() as session:
        assert jobs.is_cancelled(session, job_id)
    assert "stopping" in admin.get("/admin/jobs").text
    end(services, job_id)
    assert "Take it from the list" in admin.get(f"/admin/jobs/{job_id}").text  # its file is kept, so it is asked first
    assert admin.post(f"/admin/jobs/{job_id}/remove").status_code == 303
    assert admin.get(f"/admin/jobs/{job_id}").status_code == 404


def test_what_failed_is_tried_again_with_a_password_where_one_would_help(
    admin: Browser, services: Services, tmp_path: Path
) -> None:
    services.ingest()  # launched later it would take the job up, and fail it for a reason of its own
    job_id = queue(services, "safe.pdf")
    begin(services, job_id)
    assert "wait until it is over" in admin.post(f"/admin/jobs/{job_id}/retry").text
    with services.database.write() as session:
        reason = "safe.pdf is protected: a password is needed."
        of_job = col(JobItemRow.job_id) == job_id
        session.execute(update(JobItemRow).where(of_job).values(status=ItemStatus.FAILED, progress=1.0, error=reason))
    end(services, job_id)
    page = admin.get(f"/admin/jobs/{job_id}").text
    assert 'name="password"' in page
    assert "Try again" in admin.get("/admin/jobs").text
    assert admin.post(f"/admin/jobs/{job_id}/retry", {"password": "x"}).status_code == 422  # no such file was kept
    file = tmp_path / "safe.pdf"
    file.write_text("back again")
    with services.database.write() as session:
        session.execute(update(JobItemRow).where(of_job).values(location=str(file)))
    answer = admin.post(f"/admin/jobs/{job_id}/retry", {"password": "open sesame"})
    new_id = answer.headers["location"].removeprefix("/admin/jobs/")
    with services.database.read() as session:
        kept = session.get_one(JobRow, new_id).password or ""
    assert "open sesame" not in kept
    assert services.seal.open_text(SealedText(kept)) == "open sesame"
    assert "open sesame" not in admin.get(f"/admin/jobs/{new_id}").text


# --- one job -------------------------------------------------------------------------------------


def test_documents_of_a_job_are_filtered_found_and_cut_into_pages(admin: Browser, services: Services) -> None:
    job_id = queue(services, *(f"{n:03}.md" for n in range(120)))
    begin(services, job_id, **{"007": ItemStatus.FAILED})
    first = admin.get(f"/admin/jobs/{job_id}").text
    assert first.index("007.md") < first.index("001.md")
    assert "Page 1 of 3" in first
    assert "119.md" in admin.get(f"/admin/jobs/{job_id}", page="3").text
    assert "Page 3 of 3" in admin.get(f"/admin/jobs/{job_id}", page="99").text
    failed = admin.get(f"/admin/jobs/{job_id}", status="failed").text
    assert "007.md" in failed
    assert "006.md" not in failed
    assert "042.md" in admin.get(f"/admin/jobs/{job_id}", q="042").text
    assert "No document of this job" in admin.get(f"/admin/jobs/{job_id}", q="nowhere").text


def test_the_page_of_a_job_follows_it_until_its_state_is_another_one(admin: Browser, services: Services) -> None:
    job_id = queue(services, "a.md")
    path = f"/admin/jobs/{job_id}"
    assert f'hx-get="{path}?page=1&amp;live=queued"' in admin.get(path).text
    assert admin.get(path, live="queued").status_code == 200
    begin(services, job_id)
    moved = admin.get(path, live="queued")
    assert (moved.status_code, moved.headers["hx-refresh"]) == (204, "true")
    end(services, job_id)
    assert "hx-get" not in admin.get(path).text


def test_the_log_tells_in_order_what_was_written_down(admin: Browser, services: Services) -> None:
    job_id = queue(services, "a.md", "b.md", "c.md", person_id=admin.person_id)
    begin(services, job_id, a=ItemStatus.INDEXED)
    with services.database.write() as session:
        of_a = (col(JobItemRow.job_id) == job_id, col(JobItemRow.source) == "a.md")
        session.execute(update(JobItemRow).where(*of_a).values(started_at=utc_now(), seconds=3.2))
        jobs.cancel_job(session, job_id)
    end(services, job_id)
    log = admin.get(f"/admin/jobs/{job_id}/log").text
    places = [log.index(text) for text in ("Asked for by: Ada", "It started.", "took 3.2 s", "It was cancelled")]
    assert places == sorted(places)
    assert "Of 2 documents no time was noted" in log


# --- the stream ----------------------------------------------------------------------------------


def test_a_list_that_is_up_to_date_is_sent_nothing(admin: Browser, services: Services) -> None:
    end(services, queue(services, "a.md"))
    page = admin.get("/admin/jobs").text
    query = page.partition("/admin/jobs/stream?")[2].partition('"')[0].replace("&amp;", "&")
    watch = watching(admin, services, query)
    assert watch.news() == []
    assert watch.news() == []
    assert watch.pause_s == QUIET_S


def test_only_what_changed_is_sent(admin: Browser, services: Services) -> None:
    first, second = queue(services, "a.md", "b.md"), queue(services, "c.md")
    watch = watching(admin, services)
    assert 'id="list"' in watch.news()[0]
    watch.news()
    assert watch.news() == []
    begin(services, first)
    (row,) = watch.news()
    assert f'<tr id="job-{first}" hx-swap-oob="true">' in row
    assert second not in row
    begin(services, first, a=ItemStatus.INDEXED)
    (live,) = [part for part in watch.news() if first in part]
    assert live.strip().startswith(f'<div class="live" id="live-{first}" hx-swap-oob="true">')
    assert "1 of 2 documents" in live
    third = queue(services, "d.md")
    (whole,) = watch.news()
    assert f'id="job-{third}"' in whole
    assert whole.count("hx-swap-oob") == 1
    end(services, second)
    services.ingest_line.jobs.forget(second)
    (whole,) = watch.news()
    assert f'id="job-{second}"' not in whole


def test_who_loses_the_role_or_the_sign_in_is_told_so_and_sent_no_more(services: Services, enter: Enter) -> None:
    base = open_base(services)
    queue(services, "a.md")
    editor = enter("Ben", roles={base.id: MemberRole.EDITOR})
    watch = watching(editor, services)
    assert "a.md" in watch.news()[0]
    with services.database.write() as session:
        members.remove(session, base.id, editor.person_id)
    with pytest.raises(Forbidden):
        watch.news()

    async def all_events() -> list[tuple[str | None, str]]:
        return [(event.event, event.data) async for event in follow(watch, "Reload the page.")]

    assert asyncio.run(all_events()) == [("jobs", "Reload the page."), ("end", END)]
    other = enter("Eve", roles={base.id: MemberRole.EDITOR})
    watch = watching(other, services)
    watch.news()
    with services.database.write() as session:
        session.get_one(Person, other.person_id).disabled_at = utc_now() - timedelta(seconds=1)
    with pytest.raises(NotSignedIn):
        watch.news()


def test_the_address_of_the_stream_is_for_streams_only(admin: Browser) -> None:
    answer = admin.get("/admin/jobs/stream")
    assert answer.status_code == 422
    assert "open the list of jobs" in answer.text


def test_a_look_at_a_list_at_rest_costs_few_queries(admin: Browser, services: Services) -> None:
    for _ in range(5):
        end(services, queue(services, "a.md"))
    watch = watching(admin, services)
    watch.news()
    asked: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    watch.news()
    assert len(asked) <= 4, asked


def test_a_folder_from_the_command_line_is_told_from_an_upload(
    admin: Browser, services: Services, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("# A\n\nAll about a.\n")
    job = wait_for(services, start(services, tmp_path / "a.md"))
    assert job.state is JobState.DONE
    page = admin.get("/admin/jobs").text
    assert "Folder" in page
    assert "the command line" in page
