"""Keys for people's programs."""

from fastapi import APIRouter

from app.operations import api_keys
from app.web.api.caller import AdminOf, CallerOf, ServicesOf
from app.web.api.models.keys import ApiKeyOut, KeyOut, NewApiKey

router = APIRouter(tags=["people"])


@router.post("/api-keys", status_code=201)
def create_api_key(body: NewApiKey, admin: AdminOf, services: ServicesOf) -> ApiKeyOut:
    """A key with the rights of the named person, or fewer. It is in this answer and nowhere else."""
    days = None if body.expires_in_days == "never" else body.expires_in_days
    made = api_keys.create_for(
        body.person, body.name, days, admin, services, knowledge_bases=body.knowledge_bases, role=body.role
    )
    return ApiKeyOut(key=made.secret)


@router.get("/api-keys")
def list_api_keys(caller: CallerOf, services: ServicesOf) -> list[KeyOut]:
    """One's own keys, the newest first; an admin sees everybody's. Nothing here opens anything."""
    return [KeyOut.of(key) for key in api_keys.list_visible(caller, services)]


@router.delete("/api-keys/{id}", status_code=204)
def revoke_api_key(id: str, caller: CallerOf, services: ServicesOf) -> None:
    """The key opens nothing from now on. For its person and admins."""
    api_keys.revoke(id, caller, services)
