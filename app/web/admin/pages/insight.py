"""Insight: what becomes of questions, and what the answers rest on."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from app.operations import insight, overview
from app.operations.question_groups import Group
from app.web.admin.charts import stack
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)
PERIODS: Final = (7, 30, 90)
GROUPS: Final = 30


@router.get("/insight")
def show(page: PageOf, days: int = 30, kb: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Figures of a period, what went badly, and what lies on the disk."""
    days = days if days in PERIODS else 30
    services = page.services
    scope = insight.open_scope(page.caller, days=days, knowledge_base_id=kb)
    measured = insight.measure(scope, services)
    unanswered = insight.group_unanswered(scope, services)
    listed = arrange(
        scope.bases,
        path="/admin/insight",
        query=page.request.query_params,
        columns={"name": lambda base: base.name.lower()},
        words=lambda base: base.name,
        first="name",
    )
    return page.show(
        "insight.html",
        days=days,
        periods=PERIODS,
        kb=kb,
        bases=scope.bases,
        name_by_id={base.id: base.name for base in scope.bases},
        measured=measured,
        chart=stack(measured.days),
        judged=insight.list_thumbs_down(scope, services),
        groups=[(group, _searched(group, scope)) for group in unanswered.groups[:GROUPS]],
        left_out=max(0, len(unanswered.groups) - GROUPS),
        is_by_meaning=unanswered.is_by_meaning,
        shows_questions=services.settings.insight.shows_questions,
        keep_days=services.settings.insight.keep_days,
        base_storage=insight.measure_bases(listed.rows, scope, services),
        listed=listed,
        largest=insight.list_largest(scope, services),
        storage=overview.measure_storage(services) if page.caller.is_admin else None,
    )


def _searched(group: Group[insight.Unanswered], scope: insight.Scope) -> list[str]:
    """The knowledge bases where documents would help: the one that is looked at, or all that were searched."""
    if scope.wanted.searched:
        return [scope.wanted.searched]
    searched = {id for question in group.members for id in question.knowledge_base_ids}
    return [base.id for base in scope.bases if base.id in searched]
