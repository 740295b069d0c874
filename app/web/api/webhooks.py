"""Addresses that are told of events. For admins."""

from fastapi import APIRouter

from app.domain import WebhookDraft
from app.operations import webhooks
from app.web.api.caller import AdminOf, ServicesOf
from app.web.api.models.webhooks import DeliveryOut, NewWebhook, NewWebhookOut, WebhookOut

router = APIRouter(tags=["webhooks"])


@router.post("/webhooks", status_code=201)
def create_webhook(body: NewWebhook, admin: AdminOf, services: ServicesOf) -> NewWebhookOut:
    """Tell an address of events from now on. The secret that signs them is in this answer and nowhere else."""
    named = body.knowledge_base
    base_id = admin.access.narrowed_to([named]).readable[named].id if named is not None else None
    draft = WebhookDraft(body.name, body.url, frozenset(body.events), base_id)
    return NewWebhookOut.of(webhooks.create(draft, admin, services))


@router.get("/webhooks")
def list_webhooks(admin: AdminOf, services: ServicesOf) -> list[WebhookOut]:
    """All of them, by name."""
    return [WebhookOut.of(each.webhook) for each in webhooks.list_all(admin, services)]


@router.get("/webhooks/{id}/deliveries")
def list_deliveries(id: str, admin: AdminOf, services: ServicesOf) -> list[DeliveryOut]:
    """The last deliveries of an address, the newest first."""
    return [DeliveryOut.of(each) for each in webhooks.list_deliveries(id, admin, services)]


@router.delete("/webhooks/{id}", status_code=204)
def remove_webhook(id: str, admin: AdminOf, services: ServicesOf) -> None:
    """Tell it nothing more, and forget what was sent to it."""
    webhooks.remove(id, admin, services)
