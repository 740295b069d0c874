"""What of a job is shown to whom, and what they may do with it."""

from pathlib import Path
from typing import Any

import pytest

from app.access import Access, Caller, ReadableKnowledgeBase
from app.db import job_items, jobs
from app.db.job_lists import JobHead
from app.domain import FoundFile, ItemStatus, JobKind, KnowledgeBase, MemberRole
from app.errors import Forbidden, NotFound
from app.operations import job_views
from app.services import Services
from tests.taking_in import open_base


def caller(base: KnowledgeBase, role: MemberRole) -> Caller:
    readable = ReadableKnowledgeBase(base.id, base.name, base.generation_id, base.embedding_model_id, role)
    return Caller("p", "Ada", False, Access("p", {base.name: readable}))


def make(services: Services, base: KnowledgeBase, **facts: Any) -> str:
    with services.database.write() as session:
        return jobs.create_job(session, knowledge_base_id=base.id, requested_by="p", **facts)


def end(services: Services, job_id: str, status: ItemStatus) -> None:
    with services.database.write() as session:
        for item_id in job_items.list_open_items(session, job_id):
            job_items.update_item(session, item_id, status=status, progress=1.0)
        jobs.finish_job(session, job_id, error=None)


def head_of(services: Services, base: KnowledgeBase, role: MemberRole = MemberRole.ADMIN) -> JobHead:
    (head,) = job_views.list_heads(caller(base, role), services)
    return head


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, JobKind.UPLOAD),
        ({"paths": [Path("/srv/share")]}, JobKind.FOLDER),
        ({"paths": [Path("/srv/share")], "source_id": "s"}, JobKind.WATCHED_FOLDER),
        ({"source_id": "s"}, JobKind.SITE),
        ({"generation_id": "g"}, JobKind.REINDEX),
    ],
)
def test_a_job_says_what_it_was_asked_for(services: Services, facts: dict[str, Any], kind: JobKind) -> None:
    base = open_base(services)
    make(services, base, **facts)
    assert head_of(services, base).kind is kind


@pytest.mark.parametrize("facts", [{"source_id": "s"}, {"generation_id": "g"}])
def test_jobs_of_sites_and_re_indexes_are_managed_by_admins_only(services: Services, facts: dict[str, Any]) -> None:
    base = open_base(services)
    make(services, base, **facts)
    may = {
        role: job_views.show(head_of(services, base, role), caller(base, role), services).may_manage
        for role in (MemberRole.EDITOR, MemberRole.ADMIN)
    }
    assert may == {MemberRole.EDITOR: False, MemberRole.ADMIN: True}


def test_a_job_is_there_for_those_who_edit_its_knowledge_base(services: Services) -> None:
    base, other = open_base(services), open_base(services, "Other")
    job_id = make(services, base)
    assert job_views.get_head(job_id, caller(base, MemberRole.EDITOR), services).id == job_id
    with pytest.raises(Forbidden):
        job_views.get_head(job_id, caller(base, MemberRole.READER), services)
    with pytest.raises(NotFound):
        job_views.get_head(job_id, caller(other, MemberRole.ADMIN), services)
    assert job_views.list_heads(caller(other, MemberRole.ADMIN), services) == []


@pytest.mark.parametrize(("status", "can_retry"), [(ItemStatus.INDEXED, False), (ItemStatus.FAILED, True)])
def test_only_what_was_not_taken_in_is_tried_again_and_only_then_something_is_lost(
    services: Services, status: ItemStatus, can_retry: bool
) -> None:
    base = open_base(services)
    job_id = make(services, base, files=[FoundFile("a.md", "upload:a.md", "hash", 1)])
    ada = caller(base, MemberRole.EDITOR)
    running = job_views.show(head_of(services, base), ada, services)
    assert (running.can_cancel, running.can_retry, running.loses_nothing) == (True, False, False)
    end(services, job_id, status)
    over = job_views.show(head_of(services, base), ada, services)
    assert (over.can_cancel, over.can_retry, over.loses_nothing) == (False, can_retry, not can_retry)
    assert over.first == "a.md"
