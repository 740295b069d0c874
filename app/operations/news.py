"""What another process of the service has changed, taken over into the memory of this one."""

import logging
from collections.abc import Collection

from app.db.revisions import Topic
from app.errors import CloisterError, NotFound, SettingsError
from app.model_pool import PooledModel
from app.operations.connections import refresh
from app.operations.model_choice import chosen_generator
from app.services import Services
from ingest.presence import Role

log = logging.getLogger("cloister")


def catch_up(topics: Collection[str], services: Services) -> None:
    """Look anew at what was changed under these topics. What this process changed itself is found as it is."""
    if Topic.HOSTS in topics:
        refresh(services)
    if Topic.OFFERED in topics:
        services.pool.keep_only(lambda model: _is_offered(model, services))
    if Topic.GENERATOR in topics and services.ingest_line.presence.role != Role.WORKER:  # which asks no model
        _take_over_generator(services)


def _is_offered(model: PooledModel, services: Services) -> bool:
    try:
        return services.get_offered(model.id) == model
    except (NotFound, SettingsError):
        return False


def _take_over_generator(services: Services) -> None:
    """The model was tried by the process in which it was chosen; here it may still not open (no memory, no file)."""
    configured = services.settings.model_copy(update={"generator": services.configured_generator})
    try:
        chosen = chosen_generator(configured, services.database, services.seal)
        if chosen != services.settings.generator:
            services.put_generator(services.build_generator(chosen), chosen)
            log.info("The language model that was chosen at another process writes from now on.")
    except CloisterError as exc:
        log.error("The language model that was chosen at another process does not open here: %s", exc)
