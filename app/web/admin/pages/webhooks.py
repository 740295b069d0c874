"""Webhooks: addresses that are told of events, and what became of the last deliveries."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from app.domain import CHOOSABLE, Delivery, EventKind, WebhookDraft
from app.operations import webhooks
from app.operations.webhooks import NewSecret
from app.web.admin.guard import AdminRoute
from app.web.admin.navigation import N_
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/webhooks"
# What each event is called on the page.
EVENT_NAMES: Final = {
    EventKind.JOB_FINISHED: N_("a job is over"),
    EventKind.CRAWL_CHANGED: N_("a visit of a site found changes"),
    EventKind.DOCUMENT_FAILED: N_("a document could not be taken in"),
    EventKind.TEST: N_("a test"),
}


@router.get("/webhooks")
def show_all(page: PageOf) -> Response:
    """All of them, and the form for another."""
    return page.show(
        "webhooks/all.html",
        told=webhooks.list_all(page.caller, page.services),
        bases=_bases(page),
        choosable=CHOOSABLE,
        event_names=EVENT_NAMES,
    )


@router.post("/webhooks")
def create(
    page: PageOf,
    name: Annotated[str, Form(max_length=1000)],
    url: Annotated[str, Form(max_length=10_000)],
    events: Annotated[list[EventKind], Form()] = [],  # noqa: B006 - FastAPI copies it
    base: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """A new one; the answer holds its secret, and nothing else ever does."""
    draft = WebhookDraft(name, url, frozenset(events), base or None)
    return _show_secret(page, webhooks.create(draft, page.caller, page.services))


@router.get("/webhooks/{id}")
def show(page: PageOf, id: str) -> Response:
    """One address, and its last deliveries."""
    return page.show(
        "webhooks/one.html",
        webhook=webhooks.get(id, page.caller, page.services),
        deliveries=webhooks.list_deliveries(id, page.caller, page.services),
        bases=_bases(page),
        event_names=EVENT_NAMES,
        settings=page.services.settings.webhooks,
    )


@router.post("/webhooks/{id}/test")
def send_test(page: PageOf, id: str) -> Response:
    """A test event, sent now."""
    return _back(page, id, _say(page, webhooks.send_test(id, page.caller, page.services)))


@router.post("/webhooks/{id}/deliveries/{delivery_id}")
def redeliver(page: PageOf, id: str, delivery_id: str) -> Response:
    """A delivery, sent again now."""
    return _back(page, id, _say(page, webhooks.redeliver(id, delivery_id, page.caller, page.services)))


@router.post("/webhooks/{id}/secret")
def exchange_secret(page: PageOf, id: str) -> Response:
    """A new secret; the answer holds it, and nothing else ever does."""
    return _show_secret(page, webhooks.exchange_secret(id, page.caller, page.services))


@router.post("/webhooks/{id}/active")
def set_active(page: PageOf, id: str, is_active: Annotated[bool, Form()] = False) -> Response:
    """Whether it is told."""
    webhook = webhooks.set_active(id, page.caller, page.services, is_active=is_active)
    if is_active:
        return _back(page, id, page.gettext("“%(name)s” is told from now on.", name=webhook.name))
    return _back(page, id, page.gettext("“%(name)s” is told nothing from now on.", name=webhook.name))


@router.post("/webhooks/{id}/remove")
def remove(page: PageOf, id: str) -> Response:
    """Forget it."""
    gone = webhooks.remove(id, page.caller, page.services)
    return page.go(PATH, page.gettext("“%(name)s” is removed.", name=gone.name))


def _say(page: Page, delivery: Delivery) -> str:
    if delivery.delivered_at:
        return page.gettext("The address took it (%(status)s).", status=delivery.status)
    return page.gettext("It was not taken: %(error)s", error=delivery.error)


def _show_secret(page: Page, made: NewSecret) -> Response:
    return page.show("webhooks/secret.html", webhook=made.webhook, secret=made.secret)


def _back(page: Page, id: str, said: str) -> Response:
    return page.go(f"{PATH}/{id}", said)


def _bases(page: Page) -> dict[str, str]:
    """The knowledge bases by id, in the order of their names."""
    return {base.id: name for name, base in sorted(page.caller.access.readable.items())}
