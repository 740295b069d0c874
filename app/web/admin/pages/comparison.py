"""Comparison: what the votes on two models side by side come to."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.lab.ratings import FEW, K
from app.operations import comparisons
from app.web.admin.guard import AdminRoute
from app.web.admin.page import PageOf

router = APIRouter(route_class=AdminRoute)


@router.get("/comparison")
def show(page: PageOf, kb: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The models, the best first, of one knowledge base or of all."""
    standing = comparisons.get_standing(page.caller, page.services, knowledge_base_id=kb)
    models = comparisons.list_models(page.services)
    return page.show("comparison.html", standing=standing, kb=kb, few=FEW, k=K, can_compare=len(models) > 1)
