"""Whatever is changed through the operations leaves one line in the audit log: who, what, in which knowledge base."""

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from app.access import LOCAL_PERSON_ID, Caller
from app.db import audit, people
from app.db import sweeps as stored_sweeps
from app.db.audit import AuditFilter
from app.db.people_tables import GroupRow, Membership, Person
from app.domain import AskedQuestion, AuditEvent, ChunkingProfile, Deed, GenerationState, MemberRole, Schedule, Splitter
from app.errors import CloisterError
from app.operations import (
    documents,
    generations,
    jobs,
    knowledge_bases,
    lab,
    proposals,
    questions,
    sources,
    sweeps,
    trail,
)
from app.services import Services
from tests.ingest.crawling import site_options
from tests.ingest.sources.crawl.site import Site
from tests.taking_in import open_base, take_in, wait_for, wait_for_all

LEAVE = "# Leave\n\n" + "Every parent receives 70 days of leave. " * 20
MODULES = (documents, generations, jobs, knowledge_bases, lab, proposals, questions, sources, sweeps, trail)
PROFILE = ChunkingProfile(Splitter.SENTENCE, 32, 0)


class Doer:
    """Somebody who does things, and what the log holds of it."""

    def __init__(self, services: Services, person: Person, *, is_local: bool = False) -> None:
        self._services, self._person, self._is_local = services, person, is_local

    @property
    def caller(self) -> Caller:
        """With the rights of this moment."""
        with self._services.database.read() as session:
            access = people.get_access(session, self._person)
        return Caller(self._person.id, self._person.name, self._person.is_admin, access, self._is_local)

    def log(self) -> list[AuditEvent]:
        with self._services.database.read() as session:
            return audit.list_events(session, AuditFilter(), limit=1000)

    @contextmanager
    def leaves(self, deed: Deed, base: str | None) -> Iterator[None]:
        """What is done here leaves this line, and no other."""
        before = self.log()
        yield
        new = self.log()[: -len(before) or None]
        expected = [(self._person.id, self._person.name, deed, base)]
        assert [(event.person_id, event.person, event.deed, event.knowledge_base_id) for event in new] == expected

    @contextmanager
    def leaves_nothing(self) -> Iterator[None]:
        """What is refused here leaves no line."""
        before = self.log()
        with pytest.raises(CloisterError):
            yield
        assert self.log() == before


@pytest.fixture
def base(services: Services) -> str:
    return open_base(services).id


@pytest.fixture
def eva(services: Services, base: str) -> Doer:
    """The admin of one knowledge base."""
    with services.database.write() as session:
        person = people.create_person(session, "Eva", "correct horse battery")
        session.add(Membership(person_id=person.id, knowledge_base_id=base, role=MemberRole.ADMIN))
    return Doer(services, person)


@pytest.fixture
def machine(services: Services) -> Doer:
    """The command line."""
    return Doer(services, Person(id=LOCAL_PERSON_ID, name="this machine", is_admin=True), is_local=True)


@pytest.fixture
def leave(services: Services, base: str, tmp_path: Path) -> str:
    """A document that is in."""
    (tmp_path / "leave.md").write_text(LEAVE)
    id = take_in(services, tmp_path / "leave.md")["leave.md"].document_id
    assert id
    return id


def test_documents(services: Services, base: str, leave: str, eva: Doer, machine: Doer, tmp_path: Path) -> None:
    with eva.leaves(Deed.UPLOAD, base):
        job_id = documents.upload([("cars.md", BytesIO(b"# Cars"))], "Documents", eva.caller, services)
    wait_for(services, job_id)
    with machine.leaves(Deed.INGEST, base):
        job_id = documents.ingest_paths([tmp_path / "leave.md"], "Documents", machine.caller, services, prune=False)
    wait_for(services, job_id)
    with eva.leaves(Deed.INGEST, base):
        job_id = documents.read_again([leave], eva.caller, services)
    wait_for(services, job_id)
    with eva.leaves(Deed.DOCUMENT_DELETE, base):
        documents.delete(leave, eva.caller, services)
    assert eva.log()[0].subject == "leave.md"
    with eva.leaves_nothing():
        documents.delete(leave, eva.caller, services)


def test_knowledge_bases_and_their_members(services: Services, base: str, eva: Doer, machine: Doer) -> None:
    with machine.leaves(Deed.KNOWLEDGE_BASE_CREATE, None):
        made = knowledge_bases.create("Handbook", machine.caller, services)
    assert (machine.log()[0].subject_id, machine.log()[0].subject) == (made.id, "Handbook")
    count = len(machine.log())
    knowledge_bases.create("Handbook", machine.caller, services)
    assert len(machine.log()) == count
    with eva.leaves(Deed.KNOWLEDGE_BASE_RENAME, base):
        knowledge_bases.rename(base, "Papers", eva.caller, services)
    with services.database.write() as session:
        session.add(GroupRow(id="g", name="Crew"))
    with eva.leaves(Deed.MEMBER_CHANGE, base):
        knowledge_bases.set_member(base, "Crew", MemberRole.READER, eva.caller, services)
    with eva.leaves(Deed.MEMBER_CHANGE, base):
        knowledge_bases.remove_member(base, "g", eva.caller, services)
    with eva.leaves_nothing():
        knowledge_bases.set_member(made.id, "Crew", MemberRole.READER, eva.caller, services)
    with eva.leaves_nothing():
        knowledge_bases.delete(base, eva.caller, services)
    with machine.leaves(Deed.KNOWLEDGE_BASE_DELETE, base):
        knowledge_bases.delete(base, machine.caller, services)


def test_generations(services: Services, base: str, leave: str, eva: Doer) -> None:
    with eva.leaves(Deed.REINDEX, base):
        job_id = generations.reindex(base, PROFILE, eva.caller, services, is_trial=True)
    wait_for(services, job_id)
    (trial,) = [each for each in generations.list_of(base, eva.caller, services) if each.is_trial]
    with eva.leaves(Deed.ACTIVATE, base):
        generations.activate(trial.id, eva.caller, services)
    wait_for_all(services)
    kept = next(each for each in generations.list_of(base, eva.caller, services) if each.state is GenerationState.KEPT)
    with eva.leaves(Deed.GENERATION_DELETE, base):
        generations.forget(kept.id, eva.caller, services)
    with eva.leaves_nothing():
        generations.reindex(base, PROFILE, eva.caller, services, is_trial=False)


def test_jobs(services: Services, base: str, eva: Doer) -> None:
    services.ingest()
    job_id = documents.upload([("broken.pdf", BytesIO(b"%PDF-1.4 no"))], "Documents", eva.caller, services)
    wait_for(services, job_id)
    with eva.leaves(Deed.JOB_RETRY, base):
        second = jobs.retry(job_id, eva.caller, services)
    with eva.leaves(Deed.JOB_CANCEL, base):
        jobs.cancel(second, eva.caller, services)
    wait_for(services, second)
    with eva.leaves(Deed.JOB_DELETE, base):
        jobs.forget(job_id, eva.caller, services)
    with eva.leaves_nothing():
        jobs.forget(job_id, eva.caller, services)


def test_sources(services: Services, base: str, eva: Doer, machine: Doer, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    with machine.leaves(Deed.SOURCE_ADD, base):
        sources.watch_folder(str(folder), "Documents", "nightly", machine.caller, services)
    with Site(host="127.0.0.1").served() as site:
        site.pages = {"/": site.link(title="Fruit")}
        with eva.leaves(Deed.SOURCE_ADD, base):
            id = sources.add_site(
                site_options(site.url()), "Documents", eva.caller, services, schedule=None, sign_in=None
            )
        wait_for_all(services)
        with eva.leaves(Deed.SOURCE_CHANGE, base):
            sources.change(id, eva.caller, services, is_paused=True, schedule=Schedule("weekly"))
        assert eva.log()[0].detail == "schedule, pause"
        with eva.leaves(Deed.SOURCE_CHECK, base):
            sources.check(id, eva.caller, services)
        wait_for_all(services)
        with eva.leaves(Deed.SOURCE_DELETE, base):
            sources.unwatch(id, eva.caller, services)
    with eva.leaves_nothing():
        sources.unwatch(id, eva.caller, services)


def test_questions(services: Services, base: str, leave: str, eva: Doer) -> None:
    question = AskedQuestion("How many days?", leave, "Every parent receives 70 days of leave.")
    file = b"question,document,quote\nHow long?,leave.md,Every parent receives 70 days of leave."
    with eva.leaves(Deed.QUESTIONS_CHANGE, base):
        questions.add(base, question, eva.caller, services)
    with eva.leaves(Deed.QUESTIONS_CHANGE, base):
        questions.import_file(base, file, eva.caller, services)
    ids = [each.id for each in questions.list_of(base, eva.caller, services)]
    with eva.leaves(Deed.QUESTIONS_CHANGE, base):
        questions.approve(base, ids, eva.caller, services)
    with eva.leaves(Deed.QUESTIONS_CHANGE, base):
        questions.remove(base, ids, eva.caller, services)
    assert "days" not in "".join(event.detail + event.subject for event in eva.log())


def test_proposals_and_sweeps(services: Services, base: str, leave: str, eva: Doer) -> None:
    with eva.leaves(Deed.QUESTIONS_CHANGE, base):
        assert proposals.by_rule(base, 20, eva.caller, services) > 0, leave
    with eva.leaves_nothing():
        sweeps.start(base, sweeps.Grid(profiles=(PROFILE,)), eva.caller, services)
    with services.database.write() as session:
        id = stored_sweeps.create(session, base, '{"ways":[],"tuning":[],"held_out":[]}', requested_by="local")
    with eva.leaves(Deed.SWEEP, base):
        sweeps.cancel(id, eva.caller, services)
    with services.database.write() as session:
        stored_sweeps.finish(session, id, error=None)
    with eva.leaves(Deed.SWEEP, base):
        sweeps.forget(id, eva.caller, services)


def test_exports(services: Services, base: str, eva: Doer, machine: Doer) -> None:
    with eva.leaves(Deed.EXPORT, base):
        list(trail.export(AuditFilter(knowledge_base_id=base), eva.caller, services, format="csv"))
    with eva.leaves(Deed.EXPORT, None):
        list(trail.export(AuditFilter(), eva.caller, services, format="csv"))
    with machine.leaves(Deed.EXPORT, None):
        trail.note_export("people", 3, "json", machine.caller, services)
    with eva.leaves_nothing():
        trail.note_export("people", 3, "json", eva.caller, services)


def test_no_deed_of_these_operations_is_left_out_above() -> None:
    noted = {name for module in MODULES for name in re.findall(r"Deed\.([A-Z_]+)", inspect.getsource(module))}
    tests: list[Callable[..., None]] = [value for name, value in globals().items() if name.startswith("test_")]
    tried = {name for test in tests for name in re.findall(r"leaves\(Deed\.([A-Z_]+)", inspect.getsource(test))}
    assert noted - tried == set()
