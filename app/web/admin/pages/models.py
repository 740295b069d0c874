"""Models: the engines and how they do, and choosing the language model."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from app.operations import engines, models, offered_models, overview
from app.operations.engines import Checked
from app.operations.model_choice import EndpointChoice
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
PATH = "/admin/models"
LARGE = 3_000_000_000
"""Parameters from which on a model reads whole passages well."""
MOST_CONTEXT = 10_000_000
Context = Annotated[int, Form(ge=0, le=MOST_CONTEXT)]


@router.get("/models")
def show(page: PageOf, context: Annotated[str, Query(max_length=12)] = "") -> Response:
    """All engines, and what can be chosen."""
    return _show(page, context, [])


@router.get("/models/check")
def check(page: PageOf) -> Response:
    """The same after every engine was asked something."""
    return _show(page, "", engines.check(page.caller, page.services))


@router.post("/models/speed")
def measure(page: PageOf) -> Response:
    """How fast the present model reads and writes."""
    speed = engines.measure_speed(page.caller, page.services)
    said = page.gettext(
        "It reads %(reading)s and writes %(writing)s tokens a second.",
        reading=page.formats.number(speed.reading, 1),
        writing=page.formats.number(speed.writing, 1),
    )
    return page.go(PATH, said)


@router.post("/models/file")
def choose_file(page: PageOf, file: Annotated[str, Form(max_length=1000)], context: Context = 0) -> Response:
    """Another GGUF file in place of the present model."""
    models.choose_file(file, context, page.caller, page.services)
    return page.go(PATH, _said(page))


@router.post("/models/endpoint")
def choose_endpoint(
    page: PageOf,
    url: Annotated[str, Form(max_length=1000)],
    model: Annotated[str, Form(max_length=300)],
    context: Context = 0,
    key: Annotated[str, Form(max_length=1000)] = "",
    keeps_key: Annotated[bool, Form()] = False,
    sees_images: Annotated[bool, Form()] = False,
) -> Response:
    """A model behind an address in place of the present one."""
    endpoint = EndpointChoice(url, model, context, sees_images=sees_images)
    models.choose_endpoint(endpoint, key.strip(), page.caller, page.services, keeps_key=keeps_key)
    return page.go(PATH, _said(page))


@router.post("/models/settings")
def revert(page: PageOf) -> Response:
    """What the settings name, again."""
    models.revert(page.caller, page.services)
    return page.go(PATH, _said(page))


def _said(page: Page) -> str:
    name = page.services.generator.get().model_id
    return page.gettext("“%(name)s” answers from now on. Answers under way end with the model before.", name=name)


def _show(page: Page, context: str, checks: list[Checked]) -> Response:
    present = models.get_present(page.caller, page.services)
    context_tokens = min(int(context), MOST_CONTEXT) if context.isdecimal() else present.settings.context_tokens
    found = models.list_files(context_tokens, page.caller, page.services)
    listed = arrange(
        found.files,
        path=PATH,
        query=page.request.query_params,
        columns={
            "name": lambda each: (each.model.name if each.model else each.file).lower(),
            "parameters": lambda each: each.model.parameters if each.model else 0,
            "size": lambda each: each.model.size_bytes if each.model else 0,
            "need": lambda each: each.need.total if each.need else 0,
        },
        words=lambda each: f"{each.file} {each.model.name if each.model else ''}",
        first="name",
    )
    file = models.find_present_file(page.services)
    return page.show(
        "models/all.html",
        engines=engines.list_engines(page.caller, page.services),
        checks=checks,
        present=present,
        speed=engines.find_speed(page.caller, page.services),
        not_ready=overview.readiness(page.services),
        found=found,
        listed=listed,
        offered=offered_models.list_offered(page.caller, page.services),
        offerable=offered_models.list_offerable(found),
        context_tokens=context_tokens,
        gpu_layers=page.services.configured_generator.gpu_layers,
        reads_too_little=bool(
            file and file.parameters >= LARGE and page.services.settings.answer.evidence == "excerpts"
        ),
    )
