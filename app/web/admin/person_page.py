"""The page of one person, as its forms come back to it."""

from typing import Final

from fastapi import Response

from app.operations import people
from app.web.admin.page import Page

PATH: Final = "/admin/people"


def go_back(page: Page, id: str, said: str) -> Response:
    """To the person's page, which says what was done."""
    return page.go(f"{PATH}/{id}", said)


def name_of(page: Page, id: str) -> str:
    """What the person is called, for a sentence about them."""
    return people.get(id, page.caller, page.services).name
