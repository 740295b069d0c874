"""Sending what waits in the outbox: one address at a time to each, again and again with longer pauses, then given up.

A delivery is claimed before it is sent and settled afterwards. Who dies in between leaves a claim that runs out; the
receiver may then be sent it twice, under the same id.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import httpx
from sqlalchemy.exc import SQLAlchemyError

from app.access import LOCAL_PERSON_ID
from app.db import audit, webhooks
from app.db.columns import utc_now
from app.domain import Deed, Delivery, Tried, Webhook
from app.domain.urls import hostname_of
from app.egress.addresses import AddressGuard, AddressRefused
from app.egress.client import Bounds, open_client
from app.egress.refusal import find_refusal
from app.errors import NotFound, Rejected
from app.operations import connections
from app.operations.webhook_signing import open_secrets, signed_headers
from app.services import Services

log = logging.getLogger("cloister.webhooks")
POLL_S: Final = 2.0
FORGET_S: Final = 60 * 60.0
# Longer than sending and settling take: a claim that runs out belongs to a process that is gone.
CLAIM_SPARE_S: Final = 45.0
# 30 s, 2 min, 6 min, 21 min, 75 min, 4 h, 15 h: eight tries in about 21 hours.
FIRST_PAUSE_S: Final = 30.0
LONGER: Final = 3.5
JITTER: Final = 0.2
UNSETTLED: Final = "The service ended before it knew what became of this."
GIVEN_UP: Final = "Given up after {tries} tries. Last: {error}"
GONE: Final = "The address answered 410: it wants nothing more. The webhook was switched off."
DEAD: Final = "Nothing was taken while a delivery was tried {tries} times. The webhook was switched off."


async def deliver_forever(services: Services, *, poll_s: float = POLL_S) -> None:
    """Send what is due, now and from then on, until cancelled; what is at hand then is tried again later."""
    draining: dict[str, asyncio.Task[None]] = {}
    forgotten_at = float("-inf")
    try:
        while True:
            draining = {id: task for id, task in draining.items() if not _is_over(id, task)}
            try:
                for webhook_id in await asyncio.to_thread(_list_due, services):
                    if webhook_id not in draining:
                        draining[webhook_id] = asyncio.create_task(drain(webhook_id, services))
                if time.monotonic() > forgotten_at + FORGET_S:
                    forgotten_at = time.monotonic()
                    await asyncio.to_thread(forget_old, services)
            except SQLAlchemyError as exc:  # a database that is away now is asked again in a moment
                log.error("Webhooks cannot be looked for: %s", type(exc).__name__)
            await asyncio.sleep(poll_s)
    finally:
        for task in draining.values():
            task.cancel()


def _is_over(webhook_id: str, task: asyncio.Task[None]) -> bool:
    if task.done() and (exc := task.exception()):
        log.error("Deliveries of webhook %s stopped: %s", webhook_id, type(exc).__name__)
    return task.done()


async def deliver_due(services: Services) -> None:
    """Send all that is due at this moment, and return."""
    for webhook_id in await asyncio.to_thread(_list_due, services):
        await drain(webhook_id, services)


async def drain(webhook_id: str, services: Services) -> None:
    """Send what is due for one address, one after the other, the oldest first."""
    try:
        await asyncio.to_thread(connections.refresh, services)  # another process may have been told of the address
        while await deliver_next(webhook_id, services):
            pass
    except NotFound:
        return  # removed meanwhile, and its deliveries with it
    except SQLAlchemyError as exc:
        log.error("Deliveries of webhook %s cannot be written down: %s", webhook_id, type(exc).__name__)


async def deliver_next(webhook_id: str, services: Services, *, id: str = "") -> Delivery | None:
    """Send the oldest delivery that is due for an address (or the one with this `id`); what became of it, or None where
    there is none. Raises NotFound for an address that is gone.
    """
    webhook, claimed = await asyncio.to_thread(_claim, webhook_id, services, id)
    if claimed is None:
        return None
    is_spent = claimed.attempts > services.settings.webhooks.tries  # who claimed it before never came back
    tried = Tried(None, UNSETTLED) if is_spent else await send(webhook, claimed, services)
    return await asyncio.to_thread(_settle, webhook, claimed, tried, services)


async def send(webhook: Webhook, delivery: Delivery, services: Services) -> Tried:
    """One attempt. Only the status of the answer counts: its body is not read, and no redirect is followed."""
    settings, host = services.settings, hostname_of(webhook.url)
    body = delivery.body.encode()
    try:
        signing = open_secrets(webhook.sealed_secret, services.seal)
        headers = {**signed_headers(signing, delivery.id, body, now=utc_now()), "content-type": "application/json"}
        guard = AddressGuard([host], outside=settings.crawl.outside)
        bounds = Bounds(timeout_s=settings.webhooks.timeout_s, redirects=0)
        async with (
            asyncio.timeout(settings.webhooks.timeout_s),
            open_client(guard, user_agent="Cloister-Webhooks", bounds=bounds) as client,
            _posting(client, webhook.url, body, headers) as answer,
        ):
            return _judge(answer)
    except (TimeoutError, httpx.TimeoutException):
        return Tried(None, f"{host} did not answer within {settings.webhooks.timeout_s:g} s.")
    except AddressRefused as exc:
        return Tried(None, str(exc))
    except Rejected as exc:
        return Tried(None, str(exc))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
        refusal = find_refusal(exc)
        return Tried(None, str(refusal) if refusal else f"{host} cannot be reached.")


@asynccontextmanager
async def _posting(
    client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str]
) -> AsyncIterator[httpx.Response]:
    request = client.build_request("POST", url, content=body, headers=headers)
    answer = await client.send(request, stream=True, follow_redirects=False)
    try:
        yield answer
    finally:
        await answer.aclose()


def _judge(answer: httpx.Response) -> Tried:
    status = answer.status_code
    if 200 <= status < 300:
        return Tried(status)
    if answer.is_redirect:
        return Tried(status, f"The address answered {status}: redirects are not followed. Name the last address.")
    return Tried(status, f"The address answered {status}.")


def pause_after(attempts: int, *, jitter: float) -> timedelta:
    """How long to wait after so many attempts. `jitter`, -1 to 1, moves it by up to a fifth, so that what failed
    together does not come back together.
    """
    return timedelta(seconds=FIRST_PAUSE_S * LONGER ** (attempts - 1) * (1 + JITTER * jitter))


def forget_old(services: Services) -> None:
    """Forget deliveries that were kept long enough."""
    before = utc_now() - timedelta(days=services.settings.webhooks.keep_days)
    with services.database.write() as session:
        webhooks.forget_before(session, before)


def _list_due(services: Services) -> list[str]:
    with services.database.read() as session:
        return webhooks.list_due(session, utc_now())


def _claim(webhook_id: str, services: Services, id: str) -> tuple[Webhook, Delivery | None]:
    now = utc_now()
    until = now + timedelta(seconds=services.settings.webhooks.timeout_s + CLAIM_SPARE_S)
    with services.database.write() as session:
        webhook = webhooks.get(session, webhook_id)
        return webhook, webhooks.claim(session, webhook_id, now=now, until=until, id=id)


def _settle(webhook: Webhook, claimed: Delivery, tried: Tried, services: Services) -> Delivery:
    """Written in one transaction: what became of it, and whether the address is told anything from now on."""
    now, tries = utc_now(), services.settings.webhooks.tries
    with services.database.write() as session:
        is_active = webhooks.get(session, webhook.id).is_active
        if tried.is_taken:
            outcome = {"next_at": None, "delivered_at": now, "status": tried.status, "error": ""}
        else:
            goes_on = is_active and not tried.is_gone and claimed.attempts < tries
            outcome = {"next_at": _next(claimed, now) if goes_on else None, "status": tried.status}
            gave_up = is_active and not goes_on and not tried.is_gone and claimed.attempts > 1
            outcome["error"] = GIVEN_UP.format(tries=tries, error=tried.error) if gave_up else tried.error
        if webhooks.settle(session, claimed, **outcome) and is_active and not tried.is_taken:
            is_dead = claimed.attempts >= tries and not webhooks.is_taken_since(session, webhook.id, claimed.created_at)
            if tried.is_gone or is_dead:
                why = GONE if tried.is_gone else DEAD.format(tries=tries)
                webhooks.set_active(session, webhook.id, is_active=False, why=why)
                _note_switched_off(session, webhook, why)
        delivery = webhooks.get_delivery(session, claimed.id)
    log.info("delivery %s of %s: attempt %d, status %s", claimed.id, webhook.id, claimed.attempts, tried.status)
    return delivery


def _next(claimed: Delivery, now: datetime) -> datetime:
    return now + pause_after(claimed.attempts, jitter=random.uniform(-1, 1))  # noqa: S311 - spreads load


def _note_switched_off(session: object, webhook: Webhook, why: str) -> None:
    audit.record(
        session,  # type: ignore[arg-type]
        Deed.WEBHOOK_CHANGE,
        person_id=LOCAL_PERSON_ID,
        person="this machine",
        knowledge_base_id=webhook.knowledge_base_id,
        subject_id=webhook.id,
        subject=webhook.name,
        detail=why,
    )
