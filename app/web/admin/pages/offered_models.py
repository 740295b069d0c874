"""The language models that people may choose in the chat: the section of the page of models."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.db.offered_models import ModelOffer
from app.operations import offered_models
from app.web.admin.guard import AdminRoute
from app.web.admin.page import PageOf
from app.web.admin.pages.models import PATH, Context

router = APIRouter(route_class=AdminRoute)
SECTION = f"{PATH}#offered"
Label = Annotated[str, Form(max_length=200)]
Key = Annotated[str, Form(max_length=1000)]


@router.post("/models/offered/file")
def offer_file(
    page: PageOf, label: Label, file: Annotated[str, Form(max_length=1000)], context: Context = 0
) -> Response:
    """A GGUF file beside the present model."""
    offered_models.offer_file(label, file, context, page.caller, page.services)
    return page.go(SECTION, _said(page, label))


@router.post("/models/offered/endpoint")
def offer_endpoint(
    page: PageOf,
    label: Label,
    url: Annotated[str, Form(max_length=1000)],
    model: Annotated[str, Form(max_length=300)],
    context: Context = 0,
    key: Key = "",
    sees_images: Annotated[bool, Form()] = False,
) -> Response:
    """A model behind an address beside the present one."""
    offer = ModelOffer(label, "", model, url, context_tokens=context, sees_images=sees_images)
    offered_models.offer_endpoint(offer, key.strip(), page.caller, page.services)
    return page.go(SECTION, _said(page, label))


@router.post("/models/offered/{id}")
def change(
    page: PageOf,
    id: str,
    label: Label,
    context: Context = 0,
    key: Key = "",
    sees_images: Annotated[bool, Form()] = False,
) -> Response:
    """What is said of a model."""
    offered_models.change(
        id,
        page.caller,
        page.services,
        label=label,
        context_tokens=context,
        sees_images=sees_images,
        key=key.strip(),
    )
    return page.go(SECTION, page.gettext("Saved; the next question to “%(name)s” is answered so.", name=label))


@router.post("/models/offered/{id}/withdraw")
def withdraw(page: PageOf, id: str) -> Response:
    """It can be chosen no longer."""
    gone = offered_models.withdraw(id, page.caller, page.services)
    return page.go(SECTION, page.gettext("“%(name)s” can be chosen no longer.", name=gone.offer.label))


def _said(page: PageOf, label: str) -> str:
    return page.gettext("“%(name)s” can be chosen in the chat from now on.", name=label)
