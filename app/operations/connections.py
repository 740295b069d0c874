"""What the service may connect to, why, and what was refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from app.access import Caller
from app.db import choices, egress_refusals, offered_models, sources, tool_servers, webhooks
from app.db.egress_refusals import Refusal
from app.db.session import Database
from app.domain import Deed
from app.domain.urls import hostname_of
from app.egress.allow_list import Allowed
from app.egress.wall import find_wall
from app.errors import SettingsError
from app.operations import model_choice
from app.operations.model_choice import EndpointChoice
from app.operations.note import note
from app.services import Services
from app.settings import GeneratorSettings, Settings, host_in

CHOSEN: Final = "chosen language model"
OFFERED: Final = "offered language model"
SITE: Final = "internal site"
WEBHOOK: Final = "webhook"
TOOL_SERVER: Final = "tool server"
TRIAL: Final = "language model being tried"


@dataclass(frozen=True, slots=True)
class Connections:
    """The list, whether everything is held to it, and the refusals, the latest first."""

    allowed: tuple[Allowed, ...]
    is_enforced: bool
    refusals: tuple[Refusal, ...]


def list_connections(caller: Caller, services: Services) -> Connections:
    """The list as it is now. Raises Forbidden."""
    caller.require_admin()
    refresh(services)
    with services.database.read() as session:
        refusals = egress_refusals.list_all(session)
    return Connections(tuple(services.allowed.entries), is_enforced(services), tuple(refusals))


def is_enforced(services: Services) -> bool:
    """Whether the wall of this process stands, and holds everything to the list of this service."""
    wall = find_wall()
    return wall is not None and wall.allowed is services.allowed


def forget_refusals(caller: Caller, services: Services) -> int:
    """Forget what was refused so far; returns how many lines there were. Raises Forbidden."""
    caller.require_admin()
    with services.database.write() as session:
        gone = egress_refusals.forget_all(session)
    note(services, caller, Deed.REFUSALS_FORGET, detail=str(gone))
    return gone


def refresh(services: Services) -> None:
    """Put on the list what is kept now: after a model was offered, a site marked as internal, a webhook or a tool
    server added, or one of them withdrawn. Whoever keeps it bumps `Topic.HOSTS`, so that other processes do so too.
    """
    services.allowed.put("kept", list_kept_hosts(services.settings, services.database))


@contextmanager
def trying(settings: GeneratorSettings, services: Services) -> Iterator[None]:
    """The model's host is on the list while it is tried, before anything is kept of it."""
    host = host_in(settings.url) if settings.engine == "openai" else ""
    public = services.settings.crawl.outside
    services.allowed.put("trial", [Allowed(host, TRIAL, may_be_public=public)] if host else [])
    try:
        yield
    finally:
        services.allowed.put("trial", [])


def list_kept_hosts(settings: Settings, database: Database) -> list[Allowed]:
    """What admins added in the browser: models behind an address, webhooks, tool servers, and sites of the own network.

    None of them may lead to a public address, but a model's, a webhook's or a tool server's where the service may ask
    outside (crawl.outside).
    """
    public = settings.crawl.outside
    with database.read() as session:
        choice = choices.find(session, model_choice.NAME)
        models = [each.offer for each in offered_models.list_all(session) if each.offer.url]
        hooks = [each for each in webhooks.list_all(session) if each.is_active]
        servers = [each for each in tool_servers.list_all(session) if each.is_active]
        sites = [each.site for each in sources.list_sources(session) if each.site and each.site.is_internal]
    named = [Allowed(host_in(each.url), OFFERED, each.label, public) for each in models]
    named += [Allowed(hostname_of(start), SITE, start, False) for site in sites for start in site.scope.starts]
    named += [Allowed(host_in(each.url), WEBHOOK, each.name, public) for each in hooks]
    named += [Allowed(hostname_of(each.url), TOOL_SERVER, each.name, public) for each in servers]
    if choice and (url := _url_of(choice)):
        named.insert(0, Allowed(host_in(url), CHOSEN, "", public))
    return [each for each in named if each.target]


def _url_of(choice: choices.Choice) -> str:
    try:
        chosen = model_choice.read(choice)
    except SettingsError:
        return ""  # whoever needs the model is told
    return chosen.url if isinstance(chosen, EndpointChoice) else ""
