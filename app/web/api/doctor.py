"""The doctor's findings, for admins."""

from fastapi import APIRouter

from app.doctor import Status, examine
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.models.base import Model

router = APIRouter(tags=["probes"])


class FindingOut(Model):
    check: str
    status: Status
    detail: str
    advice: str


@router.get("/doctor")
def doctor(_admin: AdminOf, services: ServicesOf) -> list[FindingOut]:
    """Every check and what to do about it. Loads all engines."""
    return [
        FindingOut(check=found.check, status=found.status, detail=found.detail, advice=found.advice)
        for found in examine(services)
    ]
