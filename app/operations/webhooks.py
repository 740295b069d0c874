"""Webhooks: naming addresses that are told of events, and seeing whether they take what they are sent."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from app.access import Caller
from app.db import webhooks
from app.db.columns import utc_now
from app.domain import CHOOSABLE, Deed, Delivery, Webhook, WebhookDraft
from app.errors import NotFound, Rejected
from app.operations.connections import refresh
from app.operations.note import note
from app.operations.webhook_delivery import deliver_next
from app.operations.webhook_signing import SigningSecrets, make_secret, open_secrets
from app.services import Services

LONGEST_NAME: Final = 80
LONGEST_URL: Final = 2_000
SWITCHED_OFF: Final = "The webhook was switched off before this was taken."


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook with its secret, which is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A webhook and its newest delivery, if it has one."""

    webhook: Webhook
    latest: Delivery | None


def list_all(caller: Caller, services: Services) -> list[Told]:
    """All of them, by name. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        latest = webhooks.find_latest(session)
        return [Told(each, latest.get(each.id)) for each in webhooks.list_all(session)]


def get(id: str, caller: Caller, services: Services) -> Webhook:
    """One of them. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return webhooks.get(session, id)


def list_deliveries(id: str, caller: Caller, services: Services) -> list[Delivery]:
    """The last deliveries, the newest first. Raises NotFound, Forbidden."""
    get(id, caller, services)
    with services.database.read() as session:
        return webhooks.list_deliveries(session, id)


def create(draft: WebhookDraft, caller: Caller, services: Services) -> NewSecret:
    """A new one, which is told from now on. Raises Forbidden, Rejected, NotFound for an unknown knowledge base."""
    caller.require_admin()
    draft = _tidy(draft, caller)
    signing = SigningSecrets(make_secret())
    with services.database.write() as session:
        id = webhooks.create(session, draft, signing.closed(services.seal), created_by=caller.id)
    refresh(services)
    _note(id, f"made, {_host(draft.url)}", caller, services, draft.name)
    return NewSecret(get(id, caller, services), signing.secret)


def exchange_secret(id: str, caller: Caller, services: Services) -> NewSecret:
    """A new secret; the one before signs beside it for a day. Raises NotFound, Forbidden."""
    webhook = get(id, caller, services)
    try:
        signing = open_secrets(webhook.sealed_secret, services.seal).exchanged(utc_now())
    except Rejected:  # sealed with a key that is gone: there is nothing left to sign beside it
        signing = SigningSecrets(make_secret())
    with services.database.write() as session:
        webhooks.put_secret(session, id, signing.closed(services.seal))
    _note(id, "new secret", caller, services, webhook.name)
    return NewSecret(webhook, signing.secret)


def set_active(id: str, caller: Caller, services: Services, *, is_active: bool) -> Webhook:
    """Tell an address, or no longer; what waits when it is switched off is not sent. Raises NotFound, Forbidden."""
    webhook = get(id, caller, services)
    with services.database.write() as session:
        webhooks.set_active(session, id, is_active=is_active, why=SWITCHED_OFF)
    refresh(services)
    _note(id, "switched on" if is_active else "switched off", caller, services, webhook.name)
    return webhook


def remove(id: str, caller: Caller, services: Services) -> Webhook:
    """Forget an address, its secret and its deliveries; returns what it was. Raises NotFound, Forbidden."""
    webhook = get(id, caller, services)
    with services.database.write() as session:
        webhooks.remove(session, id)
    refresh(services)
    _note(id, "removed", caller, services, webhook.name)
    return webhook


def send_test(id: str, caller: Caller, services: Services) -> Delivery:
    """Send a test event now; what came of it. Sync: call it in a thread.

    Raises NotFound, Forbidden; Rejected while it is switched off.
    """
    webhook = _get_active(id, caller, services)
    with services.database.write() as session:
        delivery_id = webhooks.add_test(session, id)
    _note(id, "test sent", caller, services, webhook.name)
    return _deliver(id, delivery_id, services)


def redeliver(id: str, delivery_id: str, caller: Caller, services: Services) -> Delivery:
    """Send a delivery again now, under the id that it has; what came of it. Sync: call it in a thread.

    Raises NotFound, Forbidden; Rejected while the webhook is switched off.
    """
    webhook = _get_active(id, caller, services)
    with services.database.write() as session:
        if webhooks.get_delivery(session, delivery_id).webhook_id != id:
            raise NotFound("There is no such delivery; old ones are forgotten.")
        webhooks.send_again(session, delivery_id)
    _note(id, "sent again", caller, services, webhook.name)
    return _deliver(id, delivery_id, services)


def _get_active(id: str, caller: Caller, services: Services) -> Webhook:
    webhook = get(id, caller, services)
    if not webhook.is_active:
        raise Rejected(f"“{webhook.name}” is switched off, so nothing was sent. Switch it on first.")
    refresh(services)
    return webhook


def _deliver(webhook_id: str, delivery_id: str, services: Services) -> Delivery:
    done = asyncio.run(deliver_next(webhook_id, services, id=delivery_id))
    if done is not None:
        return done
    with services.database.read() as session:  # the background took it a moment before us
        return webhooks.get_delivery(session, delivery_id)


def _tidy(draft: WebhookDraft, caller: Caller) -> WebhookDraft:
    """Raises Rejected for a draft that cannot be, NotFound for one with an unknown knowledge base."""
    tidy = replace(draft, name=" ".join(draft.name.split()), url=draft.url.strip())
    if not tidy.name or len(tidy.name) > LONGEST_NAME:
        raise Rejected(f"A webhook needs a name of 1 to {LONGEST_NAME} characters.")
    if not _is_address(tidy.url):
        raise Rejected("The address must be whole, like https://hooks.example/cloister, without a name or a password.")
    if not tidy.events or not tidy.events <= set(CHOOSABLE):
        raise Rejected(f"Choose at least one event: {', '.join(CHOOSABLE)}.")
    if tidy.knowledge_base_id is not None and not caller.access.may_read(tidy.knowledge_base_id):
        raise NotFound("This knowledge base is gone; reload the page and choose again.")
    return tidy


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and " " not in url and not parts.fragment and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and bool(host) and is_plain and len(url) <= LONGEST_URL


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _note(id: str, detail: str, caller: Caller, services: Services, name: str) -> None:
    note(services, caller, Deed.WEBHOOK_CHANGE, subject_id=id, subject=name, detail=detail)
