"""Every route, asked for what belongs to another knowledge base: refused, and not a word of it in the answer."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlmodel import select

from app.db import documents, flags, generations, jobs, people, questions, sources, submissions, sweeps
from app.db.people_tables import ApiKey, GroupRow
from app.domain import (
    AskedQuestion,
    ChunkingProfile,
    FlagPlace,
    FlagReason,
    FoundFile,
    FoundFlag,
    MemberRole,
    Schedule,
    SourceKind,
    Splitter,
)
from app.services import Services
from app.web.admin.mount import ROUTERS
from app.web.api.app import ROUTERS as API_ROUTERS
from tests.app.web.examples import request_for
from tests.app.web.signed_in import PASSWORD, Browser
from tests.app.web.stored_chat import Chat
from tests.taking_in import open_base, take_in, wait_for

Enter = Callable[..., Browser]
MARKER = "zanzibar"
REFUSED = {403, 404}
# Nothing of any knowledge base is named in their addresses or forms.
FREE_OF_BASES = {"/api/v1/knowledge-bases", "/api/v1/search", "/api/v1/ask", "/admin/audit/export/{format}"}


@dataclass(frozen=True, slots=True)
class Foreign:
    """What there is in the knowledge base that the asker has nothing to do with, by the names of path parameters."""

    base_id: str
    by_parameter: dict[str, dict[str, str]]

    def fill(self, path: str) -> str:
        """The path with the ids of what belongs to the other knowledge base. KeyError for a parameter unknown here."""
        place = max((place for place in self.by_parameter if path.startswith(place)), key=len)
        values = {**self.by_parameter[""], **self.by_parameter[place]}
        return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], path)


@pytest.fixture
def foreign(services: Services, tmp_path: Path) -> Foreign:
    """A knowledge base with one of everything."""
    file = tmp_path / f"{MARKER}.md"
    file.write_text(f"# {MARKER}\n\n" + " ".join(f"The {MARKER} number {n} is dear." for n in range(20)) + "\n")
    take_in(services, file, kb=f"Base {MARKER}")
    base = open_base(services, f"Base {MARKER}")
    trial = services.ingest().reindexing.begin(
        base.id, ChunkingProfile(Splitter.SENTENCE, 16, 0), person_id="local", is_trial=True
    )
    wait_for(services, trial)
    with services.database.write() as session:
        (document,) = documents.list_briefs(session, [base.id])
        (question,) = questions.put(
            session, base.id, [AskedQuestion(f"What of {MARKER}?", document.id, f"The {MARKER}")], created_by="local"
        )
        source = sources.put_source(
            session,
            SourceKind.FOLDER,
            f"/srv/{MARKER}",
            knowledge_base_id=base.id,
            schedule=Schedule(""),
            created_by="local",
        )
        sweep = sweeps.create(session, base.id, '{"ways":[],"tuning":[],"held_out":[]}', requested_by="local")
        sweeps.finish(session, sweep, error=None)
        generation = next(each for each in generations.list_of(session, base.id) if each.id != base.generation_id)
        job = jobs.list_jobs(session, [base.id])[0].id
        person = people.create_person(session, f"Person {MARKER}", PASSWORD)
        group = GroupRow(name=f"Group {MARKER}")
        session.add(group)
        session.flush()
        people.create_api_key(session, person, f"Key {MARKER}")
        session.flush()
        key = session.exec(select(ApiKey.id)).one()
    chat = Chat(services, person.id, f"Chat {MARKER}")
    common = {"kb": base.name, "n": "1", "name": person.name, "document": document.id, "question": question}
    common |= {"job": job, "generation_id": generation.id, "sweep_id": sweep, "document_id": document.id}
    common |= {"member_id": person.id, "group_id": group.id, "base": base.id, "person": person.name, "job_id": job}
    with services.database.write() as session:
        submissions.set_taking(session, base.id, takes=True)
        content_hash, size = services.files.add(BytesIO(MARKER.encode()))
        handed_in = FoundFile(f"{MARKER}.txt", f"upload:{MARKER}.txt", content_hash, size)
        submission = submissions.put(session, base.id, person.id, handed_in, most_waiting=1)
        version_id = documents.get_document(session, document.id).version_id
        flagged = FoundFlag(FlagReason.INSTRUCTIONS, (FlagPlace(None, 0, len(MARKER)),))
        flags.put_new(session, [flagged], knowledge_base_id=base.id, document_id=document.id, version_id=version_id)
    common |= {"submission_id": submission, "version_id": version_id, "reason": "instructions"}
    common |= {"key_id": key, "session_id": "none", "format": "csv", "message_id": "none"}
    # What a form must hold to be read at all.
    common |= {"urls": "https://wiki.example/", "sizes": "64", "overlaps": "0", "temperature": "0.5"}
    return Foreign(
        base.id,
        {
            "": common,
            "/admin/knowledge-bases": {"id": base.id},
            "/admin/lab": {"id": base.id},
            "/admin/people": {"id": person.id},
            "/admin/people/groups": {"id": group.id},
            "/admin/assistants": {"id": "none", "number": "1"},
            "/admin/models/offered": {"id": "none"},
            "/api/v1/api-keys": {"id": key},
            "/admin/documents": {"id": document.id},
            "/admin/jobs": {"id": job},
            "/admin/sources": {"id": source},
            "/admin/runs": {"id": job},
            "/api/v1/knowledge-bases/{kb}/questions": {"id": question},
            "/api/v1/knowledge-bases/{kb}/members": {"id": person.id},
            "/api/v1/documents": {"id": document.id},
            "/api/v1/generations": {"id": generation.id},
            "/api/v1/jobs": {"id": job},
            "/api/v1/sources": {"id": source},
            "/api/v1/runs": {"id": job},
            "/api/v1/conversations": {"id": chat.id},
            "/api/v1/submissions": {"id": submission},
        },
    )


def list_routes() -> Iterator[tuple[str, str, APIRoute]]:
    """Every method and path of the API and the admin pages."""
    for prefix, routers in (("/admin", ROUTERS), ("/api/v1", API_ROUTERS)):
        for router in routers:
            for route in router.routes:
                assert isinstance(route, APIRoute), f"a route that this test cannot read: {route}"
                for method in sorted(route.methods):
                    yield method, prefix + route.path, route


@pytest.mark.parametrize("role", list(MemberRole))
def test_nobody_reaches_into_another_knowledge_base(
    services: Services, foreign: Foreign, enter: Enter, tmp_path: Path, role: MemberRole
) -> None:
    """As somebody who has this role in one knowledge base and none in the other."""
    mine = tmp_path / "mine.md"
    mine.write_text("# Mine\n\nThis is mine.\n")
    take_in(services, mine, kb="Mine")
    person = enter("Ben", roles={open_base(services, "Mine").id: role})
    token = person.token()
    asked, told = 0, []
    for method, path, route in list_routes():
        wanted = request_for(route, lambda name: foreign.by_parameter[""].get(name))
        answer = person.client.request(
            method,
            foreign.fill(path),
            params=wanted.query,
            data=wanted.form or None,
            files=wanted.files or None,
            json=wanted.json,
            headers={"x-csrf-token": token},
        )
        asked += 1
        is_about_the_other = "{" in path or MARKER in str(wanted)
        if is_about_the_other and path not in FREE_OF_BASES and answer.status_code not in REFUSED:
            told.append((method, path, answer.status_code, answer.text[:200]))
        if MARKER in _without_what_was_asked(answer.text, str(wanted) + foreign.fill(path)):
            told.append((method, path, answer.status_code, "names it"))
    assert told == []
    assert asked > 60
    with services.database.read() as session:
        assert len(documents.list_briefs(session, [foreign.base_id])) == 1


def _without_what_was_asked(text: str, asked: str) -> str:
    """An error may repeat the name that was asked for; everything else is news."""
    return text.replace(f"Base {MARKER}", "").replace(f"Person {MARKER}", "") if MARKER in asked else text
