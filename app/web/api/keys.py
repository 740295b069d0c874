"""Keys for people's programs."""

from fastapi import APIRouter

from app.db import people
from app.errors import NotFound
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.models.keys import ApiKeyOut, NewApiKey

router = APIRouter(tags=["people"])


@router.post("/api-keys", status_code=201)
def create_api_key(body: NewApiKey, _admin: AdminOf, services: ServicesOf) -> ApiKeyOut:
    """A key with the rights of the named person. It is in this answer and nowhere else."""
    with services.database.write() as session:
        person = people.find_person(session, body.person)
        if person is None:
            raise NotFound(f"There is nobody called “{body.person}”; start the service once to create the admin.")
        return ApiKeyOut(key=people.create_api_key(session, person, body.name))
